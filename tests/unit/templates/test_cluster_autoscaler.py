"""cluster-autoscaler: it resizes worker groups of its own cluster, and a deploy leaves their sizes."""

from typing import Any

from kubequorum import tags
from kubequorum.addons import addon_set
from kubequorum_node.config import WORKER_GROUP_LABEL
from tests.synthesis import load_variant, synthesise
from tests.unit.templates.common import groups

_CLUSTER = "autoscaled"


def _pod() -> dict[str, Any]:
    (addon,) = (
        each for each in addon_set(load_variant(_CLUSTER)).addons if each.name == "cluster-autoscaler"
    )
    (deployment,) = (each for each in addon.objects if each["kind"] == "Deployment")
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def _arguments() -> dict[str, str]:
    (container,) = _pod()["containers"]
    return dict(argument.removeprefix("--").split("=", 1) for argument in container["args"])


def test_it_looks_for_tags_that_all_worker_groups_have_and_no_master() -> None:
    """By the flag's own words: asg:tag=KEY,KEY."""
    wanted = _arguments()["node-group-auto-discovery"].removeprefix("asg:tag=").split(",")
    assert set(wanted) == set(tags.autoscaler("ha"))
    for stack, have in (("Workers", True), ("ControlPlane", False)):
        found = groups(_CLUSTER, stack).values()
        assert found
        for group in found:
            keys = {tag["Key"] for tag in group["Properties"]["Tags"]}
            assert (set(wanted) <= keys) is have


def test_sizes_are_left_to_it() -> None:
    """A deploy with a desired capacity would undo what it has chosen."""
    for group in groups(_CLUSTER, "Workers").values():
        assert "DesiredCapacity" not in group["Properties"]


def test_the_role_changes_own_worker_groups_alone() -> None:
    """What it may change has both tags of the cluster, and no slot."""
    resources = synthesise(_CLUSTER).templates["Addons"]["Resources"].values()
    (policy,) = (each for each in resources if each["Type"] == "AWS::IAM::Policy")
    reads, changes = policy["Properties"]["PolicyDocument"]["Statement"]
    assert all(action.partition(":")[2].startswith("Describe") for action in reads["Action"])
    assert changes["Action"] == [
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    ]
    assert changes["Condition"] == {
        "StringEquals": {
            "aws:ResourceTag/kubequorum:cluster": "ha",
            "aws:ResourceTag/k8s.io/cluster-autoscaler/enabled": "true",
            "aws:ResourceTag/k8s.io/cluster-autoscaler/ha": "owned",
        },
        "Null": {"aws:ResourceTag/kubequorum:slot": "true"},
    }


def test_a_pod_that_wants_a_group_by_name_brings_back_its_first_worker() -> None:
    """The label with the group's name is known before there is a node; two groups are alike without it."""
    for group in groups(_CLUSTER, "Workers").values():
        found = {tag["Key"]: tag["Value"] for tag in group["Properties"]["Tags"]}
        name = found[tags.WORKER_GROUP]
        assert found[f"{tags.NODE_TEMPLATE_PREFIX}label/{WORKER_GROUP_LABEL}"] == name
    assert _arguments()["balancing-ignore-label"] == WORKER_GROUP_LABEL


def test_it_runs_where_it_removes_nothing() -> None:
    """On masters, which are no group of its own."""
    assert _pod()["nodeSelector"] == {"node-role.kubernetes.io/control-plane": ""}


def test_no_machine_changes_with_it() -> None:
    """Worker groups have its tags with and without it: it may be turned on in a cluster that works."""
    with_it, without = synthesise(_CLUSTER).templates, synthesise("ha").templates
    assert {stack for stack, template in with_it.items() if without[stack] != template} == {"Addons"}
