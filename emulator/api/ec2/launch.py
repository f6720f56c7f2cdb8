"""What a launch asks for: from RunInstances, or from a launch template's data."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.api.ec2 import limits, profiles, store
from emulator.api.wire import ApiError

_IMAGE_ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")
_ARM_FAMILY = re.compile(r"a1|[a-z]+[0-9]+[a-z]*g[a-z]*")


@dataclass(frozen=True, kw_only=True)
class LaunchRequest:
    """One instance to launch, checked for form only."""

    image_id: str
    instance_type: str
    subnet_id: str
    security_group_ids: tuple[str, ...] = ()
    """Empty: the VPC's default group."""
    user_data: str = ""
    """As given: base64."""
    instance_profile: Mapping[str, str] | None = None
    """Arn or Name."""
    private_ip: str | None = None
    public_ip: bool | None = None
    """None: as the subnet says."""
    block_devices: tuple[Mapping[str, Any], ...] = ()
    metadata_options: Mapping[str, Any] = field(default_factory=dict)
    instance_tags: Mapping[str, str] = field(default_factory=dict)
    volume_tags: Mapping[str, str] = field(default_factory=dict)
    key_name: str | None = None
    spot: bool = False
    termination_protection: bool = False
    shutdown_behavior: str = "stop"
    monitoring: bool = False
    ebs_optimized: bool = False


def from_template_data(
    data: Mapping[str, Any],
    *,
    subnet_id: str | None = None,
    image_id: str | None = None,
    instance_type: str | None = None,
    spot: bool = False,
    tags: Mapping[str, str] | None = None,
) -> LaunchRequest:
    """Read launch template data, spelled as in the API or in a template; arguments win over it.

    Raises:
        ApiError: something is missing or malformed.
    """
    interface: Mapping[str, Any] = next(iter(data.get("NetworkInterfaces") or ()), {})
    groups = interface.get("Groups") or data.get("SecurityGroupIds") or ()
    public_ip = interface.get("AssociatePublicIpAddress")
    image_id = image_id or data.get("ImageId")
    instance_type = instance_type or data.get("InstanceType")
    subnet_id = subnet_id or interface.get("SubnetId")
    for name, value in (("ImageId", image_id), ("InstanceType", instance_type), ("SubnetId", subnet_id)):
        if not value:
            raise ApiError("MissingParameter", f"The request must contain the parameter {name}")
    market = (data.get("InstanceMarketOptions") or {}).get("MarketType")
    return LaunchRequest(
        image_id=str(image_id),
        instance_type=str(instance_type),
        subnet_id=str(subnet_id),
        security_group_ids=tuple(groups),
        user_data=data.get("UserData") or "",
        instance_profile=data.get("IamInstanceProfile"),
        private_ip=interface.get("PrivateIpAddress") or data.get("PrivateIpAddress"),
        public_ip=None if public_ip is None else as_bool(public_ip),
        block_devices=tuple(data.get("BlockDeviceMappings") or ()),
        metadata_options=data.get("MetadataOptions") or {},
        instance_tags={**tags_of(data.get("TagSpecifications"), "instance"), **(tags or {})},
        volume_tags=tags_of(data.get("TagSpecifications"), "volume"),
        key_name=data.get("KeyName"),
        spot=spot or market == "spot",
        termination_protection=as_bool(data.get("DisableApiTermination", False)),
        shutdown_behavior=data.get("InstanceInitiatedShutdownBehavior") or "stop",
        monitoring=as_bool((data.get("Monitoring") or {}).get("Enabled", False)),
        ebs_optimized=as_bool(data.get("EbsOptimized", False)),
    )


def check(request: LaunchRequest) -> None:
    """Check a request against what exists.

    Raises:
        ApiError: in EC2's words.
    """
    if not _IMAGE_ID.fullmatch(request.image_id):
        raise ApiError("InvalidAMIID.Malformed", f'Invalid id: "{request.image_id}" (expecting "ami-...")')
    if not _INSTANCE_TYPE.fullmatch(request.instance_type):
        raise ApiError("InvalidParameterValue", f"Invalid value '{request.instance_type}' for InstanceType.")
    subnet = store.subnets().get(request.subnet_id)
    if subnet is None:
        raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{request.subnet_id}' does not exist")
    for group_id in request.security_group_ids:
        group = store.security_groups().get(group_id)
        if group is None:
            raise ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
        if group.get("VpcId") != subnet["VpcId"]:
            raise ApiError(
                "InvalidParameter",
                f"Security group {group_id} and subnet {request.subnet_id} belong to different networks.",
            )
    profiles.require_known(request.instance_profile)
    limits.check_tags(request.instance_tags)
    limits.check_tags(request.volume_tags)


def architecture(instance_type: str) -> str:
    """`arm64` for Graviton families (a g after the generation, as in m7g and c6gn), else `x86_64`."""
    family = instance_type.partition(".")[0]
    return "arm64" if _ARM_FAMILY.fullmatch(family) else "x86_64"


def tags_of(specifications: Sequence[Mapping[str, Any]] | None, resource_type: str) -> dict[str, str]:
    """The tags that TagSpecifications give to one type of resource."""
    return {
        str(tag["Key"]): str(tag.get("Value", ""))
        for specification in specifications or ()
        if specification.get("ResourceType") == resource_type
        for tag in specification.get("Tags") or ()
    }


def as_bool(value: Any) -> bool:
    """Read a boolean that a template may spell as a word."""
    return value if isinstance(value, bool) else str(value).lower() == "true"
