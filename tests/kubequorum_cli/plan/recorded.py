"""Stacks as CloudFormation describes their change, in the form of its API."""

import copy
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from kubequorum_cli.plan.bundles import CLUSTER_JSON, Bundle
from kubequorum_cli.plan.changes import StackChanges, change_of

GROUP, TEMPLATE = "AWS::AutoScaling::AutoScalingGroup", "AWS::EC2::LaunchTemplate"
_ROLLING = {"AutoScalingRollingUpdate": {"MaxBatchSize": 1, "WaitOnResourceSignals": True}}


def group(template: str, *, tag: str, value: str, **more: Any) -> dict[str, Any]:
    """A group with a rolling update."""
    return {
        "Type": GROUP,
        "UpdatePolicy": _ROLLING,
        "Properties": {
            "MinSize": "1",
            "VPCZoneIdentifier": ["subnet-1"],
            "LaunchTemplate": {
                "LaunchTemplateId": {"Ref": template},
                "Version": {"Fn::GetAtt": [template, "LatestVersionNumber"]},
            },
            "Tags": [{"Key": tag, "Value": value}],
        },
        **more,
    }


def launch_template(instance_type: str) -> dict[str, Any]:
    """A launch template; its instances learn the name of a load balancer."""
    data = {"InstanceType": instance_type, "UserData": {"Fn::GetAtt": ["Balancer", "DNSName"]}}
    return {"Type": TEMPLATE, "Properties": {"LaunchTemplateData": data}}


def masters(instance_type: str = "m7i.large") -> dict[str, Any]:
    """A control plane with three slots, each of which waits for the one before."""
    resources: dict[str, Any] = {
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Scheme": "internal"},
        }
    }
    before = None
    for slot in "ABC":
        own = group(f"Template{slot}", tag="kubequorum:slot", value=slot.lower())
        if before:
            own["DependsOn"] = [before]
        before = f"Master{slot}Group"
        # Not in the order of the slots: that is not where the order comes from.
        resources = {before: own, f"Template{slot}": launch_template(instance_type), **resources}
    return {"Resources": resources}


def rolled(*slots: str) -> list[dict[str, Any]]:
    """What AWS says when launch templates of slots change."""
    return [change for slot in slots for change in (_template(slot), follows(slot))]


def _template(slot: str) -> dict[str, Any]:
    return modified(f"Template{slot}", TEMPLATE, target("LaunchTemplateData"))


def follows(slot: str) -> dict[str, Any]:
    """Of a group, whose launch template is changed, or seems to be."""
    cause = f"Template{slot}.LatestVersionNumber"
    return modified(
        f"Master{slot}Group",
        GROUP,
        target("LaunchTemplate", recreation="Conditionally", dynamic=True, cause=cause),
        # CloudFormation lists the definition, too, which did not change.
        target("LaunchTemplate", recreation="Conditionally", dynamic=True),
        replacement="Conditional",
    )


def modified(
    logical_id: str, type_: str, *details: dict[str, Any], replacement: str = "False"
) -> dict[str, Any]:
    """A ResourceChange of a resource that is modified."""
    return {
        "Action": "Modify",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": f"physical-{logical_id}",
        "ResourceType": type_,
        "Replacement": replacement,
        "Scope": ["Properties"],
        "Details": list(details),
        "BeforeContext": '{"Properties":{}}',
        "AfterContext": '{"Properties":{}}',
    }


def target(name: str, *, recreation: str = "Never", dynamic: bool = False, cause: str = "") -> dict[str, Any]:
    """A ResourceChangeDetail of a property."""
    return {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": "Dynamic" if dynamic else "Static",
        "ChangeSource": "ResourceAttribute" if cause else "DirectModification",
        **({"CausingEntity": cause} if cause else {}),
    }


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    found: list[dict[str, Any]],
    *,
    stack: str = "mine-ControlPlane",
) -> StackChanges:
    """The stack between two templates."""
    listed = [change_of(change) for change in found]
    return StackChanges(
        stack=stack,
        is_new=not old,
        old=copy.deepcopy(dict(old)),
        new=copy.deepcopy(dict(new)),
        changes={change.logical_id: change for change in listed},
    )


def bundle(kubernetes: str, etcd: str, *, fixed_settings: str = "") -> Bundle:
    """What masters of these versions run, as far as a plan reads it; and a module that plans run."""
    content = io.BytesIO()
    document = {"kubernetes_version": kubernetes, "etcd": {"version": etcd}}
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(CLUSTER_JSON, json.dumps(document))
        archive.writestr("kubequorum_node/__init__.py", "")
        archive.writestr("kubequorum_node/fixed_settings.py", fixed_settings)
    return Bundle(content.getvalue())
