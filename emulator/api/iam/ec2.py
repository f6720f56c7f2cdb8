"""EC2: which resources an action touches (service authorization reference, Amazon EC2)."""

from collections.abc import Iterable
from typing import Any

from emulator.api import patches
from emulator.api.ec2 import store
from emulator.api.iam.checks import ANY, Check, Request, tag_keys

_KMS_RESOLVE = patches.declare(
    "ministack.services.kms",
    "_resolve_key",
    parameters=("key_id_or_arn",),
    why="EC2 asks KMS for a grant in the caller's name when an encrypted volume is attached",
)

_LISTS = {
    "TerminateInstances": "InstanceId",
    "StopInstances": "InstanceId",
    "StartInstances": "InstanceId",
    "RebootInstances": "InstanceId",
    "MonitorInstances": "InstanceId",
    "CreateTags": "ResourceId",
    "DeleteTags": "ResourceId",
}
"""Actions on a list of resources, and the parameter that lists them."""
_SINGLE = {
    "GetConsoleOutput": "InstanceId",
    "ModifyInstanceAttribute": "InstanceId",
    "ModifyInstanceMetadataOptions": "InstanceId",
    "ResetInstanceAttribute": "InstanceId",
    "DeleteVolume": "VolumeId",
    "ModifyVolume": "VolumeId",
    "ModifyVolumeAttribute": "VolumeId",
    "EnableVolumeIO": "VolumeId",
    "AuthorizeSecurityGroupEgress": "GroupId",
    "AuthorizeSecurityGroupIngress": "GroupId",
    "DeleteSecurityGroup": "GroupId",
    "RevokeSecurityGroupEgress": "GroupId",
    "RevokeSecurityGroupIngress": "GroupId",
}
"""Actions on one resource."""
_TYPES = {
    "i": "instance",
    "vol": "volume",
    "snap": "snapshot",
    "subnet": "subnet",
    "vpc": "vpc",
    "sg": "security-group",
    "eni": "network-interface",
    "lt": "launch-template",
    "eipalloc": "elastic-ip",
    "nat": "natgateway",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "vpce": "vpc-endpoint",
    "fl": "vpc-flow-log",
}
_TAG_PREFIXES = ("aws:ResourceTag/", "ec2:ResourceTag/")


def checks(request: Request) -> list[Check] | None:
    """The checks of an EC2 request; None leaves them to ministack."""
    action = request.action
    if action.startswith("Describe"):
        return [Check(resource_arn=ANY)]
    if action in ("AttachVolume", "DetachVolume"):
        return _volume_and_instance(request)
    if action == "CreateVolume":
        return _new_volume(request)
    named = _LISTS.get(action)
    ids = request.numbered(named) if named else [request.parameter(_SINGLE.get(action, ""))]
    return _on(request, ids, **_attribute(request)) if all(ids) and ids else None


def _volume_and_instance(request: Request) -> list[Check]:
    volume_id, instance_id = request.parameter("VolumeId"), request.parameter("InstanceId")
    volume = store.volumes().get(volume_id) or {}
    if not instance_id:
        instance_id = next((item["InstanceId"] for item in volume.get("Attachments") or ()), "")
    found = _on(request, [instance_id, volume_id] if instance_id else [volume_id])
    if request.action == "AttachVolume" and (grant := _grant(request, volume)) is not None:
        found.append(grant)
    return found


def _new_volume(request: Request) -> list[Check]:
    """A new volume, the tags that it is given, and the data key that EBS has made for it.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
    https://docs.aws.amazon.com/kms/latest/developerguide/services-ebs.html
    """
    arn = request.arn("ec2", "volume/*")
    tags = _requested_tags(request, "volume")
    asked: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    if tags:
        asked["aws:TagKeys"] = list(tags)
    encrypted = request.parameter("Encrypted").lower() == "true"
    described = {
        "ec2:AvailabilityZone": request.parameter("AvailabilityZone"),
        "ec2:Encrypted": str(encrypted).lower(),
        "ec2:VolumeType": request.parameter("VolumeType") or "gp2",
        "ec2:VolumeSize": request.parameter("Size"),
        "ec2:VolumeIops": request.parameter("Iops"),
        "ec2:VolumeThroughput": request.parameter("Throughput"),
    }
    found = [Check(resource_arn=arn, keys={**asked, **{k: v for k, v in described.items() if v}})]
    if tags:
        found.append(
            Check(
                action="ec2:CreateTags", resource_arn=arn, keys={**asked, "ec2:CreateAction": "CreateVolume"}
            )
        )
    key = _KMS_RESOLVE.get()(request.parameter("KmsKeyId")) if encrypted else None
    if key is not None:
        found.append(_by_ebs(request, key, "kms:GenerateDataKeyWithoutPlaintext"))
    return found


def _requested_tags(request: Request, resource_type: str) -> dict[str, str]:
    """The tags that TagSpecification.N of a request gives to one type of resource."""
    found: dict[str, str] = {}
    number = 1
    while kind := request.parameter(f"TagSpecification.{number}.ResourceType"):
        position = 1
        while key := request.parameter(prefix := f"TagSpecification.{number}.Tag.{position}.Key"):
            if kind == resource_type:
                found[key] = request.parameter(f"{prefix.removesuffix('Key')}Value")
            position += 1
        number += 1
    return found


def _grant(request: Request, volume: dict[str, Any]) -> Check | None:
    """An encrypted volume is attached with a grant on its key (EBS user guide, How EBS encryption works)."""
    key = _KMS_RESOLVE.get()(volume.get("KmsKeyId") or "")
    if key is None:
        return None
    return _by_ebs(request, key, "kms:CreateGrant", **{"kms:GrantIsForAWSResource": "true"})


def _by_ebs(request: Request, key: dict[str, Any], action: str, **keys: str) -> Check:
    """What EBS asks KMS for in the caller's name."""
    return Check(
        service="kms",
        action=action,
        resource_arn=key["Arn"],
        keys={
            "kms:ViaService": f"ec2.{request.region}.amazonaws.com",
            "kms:CallerAccount": request.account_id,
            **keys,
        },
    )


def _on(request: Request, resource_ids: Iterable[str], **keys: Any) -> list[Check]:
    return [
        Check(
            resource_arn=request.arn(
                "ec2", f"{_TYPES.get(resource_id.partition('-')[0], '*')}/{resource_id}"
            ),
            keys={**tag_keys(_TAG_PREFIXES, store.tags(resource_id)), **_described(resource_id), **keys},
        )
        for resource_id in resource_ids
    ]


def _described(resource_id: str) -> dict[str, Any]:
    """The keys that describe an instance or a volume."""
    if instance := store.instances().get(resource_id):
        profile = (instance.get("IamInstanceProfile") or {}).get("Arn")
        return {
            "ec2:InstanceID": resource_id,
            "ec2:InstanceType": instance.get("InstanceType"),
            "ec2:AvailabilityZone": (instance.get("Placement") or {}).get("AvailabilityZone"),
            **({"ec2:InstanceProfile": profile} if profile else {}),
        }
    if volume := store.volumes().get(resource_id):
        return {
            "ec2:VolumeID": resource_id,
            "ec2:VolumeType": volume.get("VolumeType"),
            "ec2:VolumeSize": volume.get("Size"),
            "ec2:Encrypted": str(bool(volume.get("Encrypted"))).lower(),
            "ec2:AvailabilityZone": volume.get("AvailabilityZone"),
        }
    return {}


def _attribute(request: Request) -> dict[str, Any]:
    """The attribute that ModifyInstanceAttribute sets, for ec2:Attribute."""
    if request.action != "ModifyInstanceAttribute":
        return {}
    named = request.parameter("Attribute")
    others = {name.partition(".")[0] for name in request.parameters} - {
        "Action",
        "Version",
        "InstanceId",
        "DryRun",
    }
    return {"ec2:Attribute": named or next(iter(sorted(others)), "")}
