"""The record of a new instance: what EC2 gives it at launch."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.api.ec2 import addresses, launch, profiles, store
from emulator.api.ec2.launch import LaunchRequest
from emulator.api.wire import ApiError
from emulator.interfaces.machines import Instance

_RANDOM_IP = patches.declare(
    "ministack.services.ec2",
    "_random_ip",
    parameters=("prefix",),
    why="public addresses look as ministack's do",
)

STATE_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html."""

ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
METADATA_DEFAULTS: Mapping[str, Any] = {
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": 1,
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}
USER_DATA_LIMIT = 16_384
"""Bytes before base64 (EC2 user guide, user data)."""


def create(request: LaunchRequest) -> store.Record:
    """Make and store the record of an instance in state `pending`, with its interface. Needs the lock.

    Raises:
        ApiError: the request names something that does not exist, or there is no address left.
    """
    launch.check(request)
    user_data(request.user_data)
    subnet = store.subnets()[request.subnet_id]
    address = addresses.choose(request.subnet_id, request.private_ip)
    instance_id, moment = store.new_id("i"), store.now()
    interface = _interface(request, instance_id=instance_id, address=address)
    profile = profiles.find(request.instance_profile)
    name = addresses.private_dns_name(address)
    public = subnet.get("MapPublicIpOnLaunch", False) if request.public_ip is None else request.public_ip
    record: store.Record = {
        "InstanceId": instance_id,
        "ImageId": request.image_id,
        "InstanceType": request.instance_type,
        "State": state("pending"),
        "StateTransitionReason": "",
        "LaunchTime": moment,
        "AmiLaunchIndex": 0,
        "Architecture": launch.architecture(request.instance_type),
        "SubnetId": request.subnet_id,
        "VpcId": subnet["VpcId"],
        "PrivateIpAddress": address,
        "PrivateDnsName": name,
        "PublicDnsName": "",
        "SourceDestCheck": True,
        "SecurityGroups": interface["Groups"],
        "NetworkInterfaces": [interface],
        "Placement": {"AvailabilityZone": subnet["AvailabilityZone"], "Tenancy": "default", "GroupName": ""},
        "Monitoring": {"State": "enabled" if request.monitoring else "disabled"},
        "MetadataOptions": {**METADATA_DEFAULTS, **_metadata(request), "State": "applied"},
        "RootDeviceType": "ebs",
        "RootDeviceName": root_device(request),
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EnaSupport": True,
        "EbsOptimized": request.ebs_optimized,
        "PlatformDetails": "Linux/UNIX",
        "ClientToken": "",
        "_UserData": request.user_data,
        "_TerminationProtection": request.termination_protection,
        "_ShutdownBehavior": request.shutdown_behavior,
        "_StatusCheckPassed": True,
        "_MacAddress": interface["MacAddress"],
    }
    if public:
        record["PublicIpAddress"] = _RANDOM_IP.get()("54.")
    if request.key_name:
        record["KeyName"] = request.key_name
    if profile is not None:
        record["IamInstanceProfile"] = {"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]}
    if request.spot:
        record["InstanceLifecycle"] = "spot"
    store.instances()[instance_id] = record
    store.interfaces()[interface["NetworkInterfaceId"]] = interface
    store.set_tags(instance_id, request.instance_tags)
    store.remember_scope(instance_id)
    return record


def discard(record: store.Record) -> None:
    """Take back a record whose launch was refused after all. Needs the lock."""
    instance_id = record["InstanceId"]
    for volume in [entry for entry in store.volumes().values() if entry["Attachments"]]:
        if volume["Attachments"][0]["InstanceId"] == instance_id:
            store.volumes().pop(volume["VolumeId"])
    for interface in record["NetworkInterfaces"]:
        store.interfaces().pop(interface["NetworkInterfaceId"])
    store.instances().pop(instance_id)
    store.set_tags(instance_id, {})


def state(name: str) -> dict[str, Any]:
    """A state as the API gives it."""
    return {"Code": STATE_CODES[name], "Name": name}


def root_device(request: LaunchRequest) -> str:
    """The image's root device; of an image that is not registered, what the request's mappings suggest."""
    registered = (store.images().get(request.image_id) or {}).get("RootDeviceName")
    names = [mapping.get("DeviceName") for mapping in request.block_devices]
    return registered or next((name for name in ROOT_DEVICES if name in names), ROOT_DEVICES[0])


def user_data(encoded: str) -> bytes:
    """Decode user data.

    Raises:
        ApiError: it is no base64, or more than 16 KiB.
    """
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ApiError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None
    if len(decoded) > USER_DATA_LIMIT:
        raise ApiError("InvalidParameterValue", "User data is limited to 16384 bytes")
    return decoded


def machine_of(record: store.Record) -> Instance:
    """The facts that a machine gets when it is launched."""
    return Instance(
        instance_id=record["InstanceId"],
        account_id=get_account_id(),
        region=get_region(),
        availability_zone=record["Placement"]["AvailabilityZone"],
        vpc_id=record["VpcId"],
        vpc_cidr=store.vpcs()[record["VpcId"]]["CidrBlock"],
        subnet_id=record["SubnetId"],
        subnet_cidr=store.subnets()[record["SubnetId"]]["CidrBlock"],
        private_ip=record["PrivateIpAddress"],
        private_dns_name=record["PrivateDnsName"],
        mac_address=record["_MacAddress"],
        image_id=record["ImageId"],
        instance_type=record["InstanceType"],
        architecture=record["Architecture"],
        user_data=user_data(record["_UserData"]),
        instance_profile_arn=(record.get("IamInstanceProfile") or {}).get("Arn"),
        security_group_ids=tuple(group["GroupId"] for group in record["SecurityGroups"]),
        http_tokens_required=record["MetadataOptions"]["HttpTokens"] == "required",
        shows_tags=record["MetadataOptions"]["InstanceMetadataTags"] == "enabled",
        http_put_response_hop_limit=record["MetadataOptions"]["HttpPutResponseHopLimit"],
    )


def _metadata(request: LaunchRequest) -> dict[str, Any]:
    options = {name: value for name, value in request.metadata_options.items() if name in METADATA_DEFAULTS}
    if "HttpPutResponseHopLimit" in options:
        options["HttpPutResponseHopLimit"] = int(options["HttpPutResponseHopLimit"])
    return options


def _interface(request: LaunchRequest, *, instance_id: str, address: str) -> store.Record:
    subnet = store.subnets()[request.subnet_id]
    groups = request.security_group_ids or tuple(
        group["GroupId"]
        for group in store.security_groups().values()
        if group.get("VpcId") == subnet["VpcId"] and group["GroupName"] == "default"
    )
    interface_id = store.new_id("eni")
    moment = store.now()
    return {
        "NetworkInterfaceId": interface_id,
        "SubnetId": request.subnet_id,
        "VpcId": subnet["VpcId"],
        "AvailabilityZone": subnet["AvailabilityZone"],
        "Description": "",
        "OwnerId": get_account_id(),
        "Status": "in-use",
        "PrivateIpAddress": address,
        "PrivateDnsName": addresses.private_dns_name(address),
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "MacAddress": addresses.mac_address(interface_id),
        "Groups": [
            {"GroupId": group_id, "GroupName": store.security_groups()[group_id]["GroupName"]}
            for group_id in groups
        ],
        "Attachment": {
            "AttachmentId": store.new_id("eni-attach"),
            "InstanceId": instance_id,
            "DeviceIndex": 0,
            "Status": "attached",
            "AttachTime": moment,
            "DeleteOnTermination": True,
        },
    }
