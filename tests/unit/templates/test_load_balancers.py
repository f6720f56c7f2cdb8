"""The cloud-controller-manager: what masters fill in, and a role that is bound by the cluster's tag."""

from typing import Any

from kubequorum.addons import addon_set
from kubequorum_node.addon_set import AddonSetLocation
from tests.synthesis import Template, load_variant, synthesise

_CLUSTER = "load-balancers"
_TAG = "kubernetes.io/cluster/ha"


def _addons() -> Template:
    return synthesise(_CLUSTER).templates["Addons"]


def _of(resource_type: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in _addons()["Resources"].values() if each["Type"] == resource_type]


def _flat(value: Any) -> str:
    """A text of the template, with names in place of what the deployment fills in."""
    match value:
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(map(_flat, parts))
        case {"Fn::ImportValue": str(name)} | {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return name
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            assert isinstance(value, str), value
            return value


def _location() -> AddonSetLocation:
    (parameter,) = _of("AWS::SSM::Parameter")
    return AddonSetLocation.from_json(_flat(parameter["Value"]))


def test_masters_learn_what_only_the_deployment_knows() -> None:
    """The VPC and one of its subnets: nothing in the set is without its value then."""
    location = _location()
    assert set(location.values) == {"SubnetId", "VpcId"}
    addons = addon_set(load_variant(_CLUSTER))
    assert "${kubequorum:" in addons.to_json()
    filled = addons.filled(location.values).to_json()
    assert "${kubequorum:" not in filled


def test_the_role_changes_what_has_the_clusters_tag_only() -> None:
    """What it creates gets the tag, what it changes has it; load balancers of the API have it not."""
    (policy,) = _of("AWS::IAM::Policy")
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        if all(action.partition(":")[2].startswith("Describe") for action in actions):
            continue
        conditions = statement["Condition"]["StringEquals"]
        creates = any(action.partition(":")[2].startswith(("Create", "AddTags")) for action in actions)
        assert conditions[f"aws:{'Request' if creates else 'Resource'}Tag/{_TAG}"] == "owned", statement
    tagged = [
        resource["Type"]
        for template in synthesise(_CLUSTER).templates.values()
        for resource in template["Resources"].values()
        if _TAG in str(resource.get("Properties", {}).get("Tags"))
    ]
    assert not [kind for kind in tagged if kind.startswith("AWS::ElasticLoadBalancingV2")]
    assert tagged.count("AWS::EC2::SecurityGroup") == 1, "that of workers"


def test_no_machine_changes_with_it() -> None:
    """Beside Addons, Network exports nothing new either: it may be turned on in a cluster that works."""
    with_it, without = synthesise(_CLUSTER).templates, synthesise("ha").templates
    assert {stack for stack, template in with_it.items() if without[stack] != template} == {"Addons"}
