"""EC2's API of single attributes of an instance."""

from collections.abc import Callable
from typing import Any

from emulator.api.ec2 import store
from emulator.api.ec2.attachments import attached_to
from emulator.api.ec2.instance_records import METADATA_DEFAULTS
from emulator.api.wire import ApiError, Request, Response


def handlers() -> dict[str, Callable[[Request], Response]]:
    """What to put into ministack's action table."""
    return {
        "DescribeInstanceAttribute": describe,
        "ModifyInstanceAttribute": modify,
        "ModifyInstanceMetadataOptions": modify_metadata_options,
    }


def describe(request: Request) -> Response:
    """DescribeInstanceAttribute."""
    with store.LOCK:
        record = store.instance(request["InstanceId"])
        views: dict[str, tuple[str, Any]] = {
            "blockDeviceMapping": (
                "BlockDeviceMappings",
                [
                    {"DeviceName": entry["Device"], "Ebs": {**entry, "Status": entry["State"]}}
                    for entry in attached_to(record["InstanceId"])
                ],
            ),
            "disableApiTermination": ("DisableApiTermination", {"Value": record["_TerminationProtection"]}),
            "ebsOptimized": ("EbsOptimized", {"Value": record["EbsOptimized"]}),
            "enaSupport": ("EnaSupport", {"Value": record["EnaSupport"]}),
            "groupSet": ("Groups", record["SecurityGroups"]),
            "instanceInitiatedShutdownBehavior": (
                "InstanceInitiatedShutdownBehavior",
                {"Value": record["_ShutdownBehavior"]},
            ),
            "instanceType": ("InstanceType", {"Value": record["InstanceType"]}),
            "rootDeviceName": ("RootDeviceName", {"Value": record["RootDeviceName"]}),
            "sourceDestCheck": ("SourceDestCheck", {"Value": record["SourceDestCheck"]}),
            "userData": ("UserData", {"Value": record["_UserData"]}),
        }
        member, value = views.get(request["Attribute"], ("", None))
        return {"InstanceId": record["InstanceId"], **({member: value} if member else {})}


def modify(request: Request) -> Response:
    """ModifyInstanceAttribute: source/destination check, groups, shutdown behaviour, protection.

    Raises:
        ApiError: any other attribute, which the emulator does not model.
    """
    with store.LOCK:
        record = store.instance(request["InstanceId"])
        interface = record["NetworkInterfaces"][0] if record["NetworkInterfaces"] else {}
        if "SourceDestCheck" in request:
            record["SourceDestCheck"] = interface["SourceDestCheck"] = request["SourceDestCheck"]["Value"]
        elif "DisableApiTermination" in request:
            record["_TerminationProtection"] = request["DisableApiTermination"]["Value"]
        elif "InstanceInitiatedShutdownBehavior" in request:
            record["_ShutdownBehavior"] = request["InstanceInitiatedShutdownBehavior"]["Value"]
        elif "Groups" in request:
            groups = store.security_groups()
            for group_id in request["Groups"]:
                if group_id not in groups:
                    raise ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
            record["SecurityGroups"] = interface["Groups"] = [
                {"GroupId": group_id, "GroupName": groups[group_id]["GroupName"]}
                for group_id in request["Groups"]
            ]
        else:
            raise ApiError("UnsupportedOperation", "The emulator does not model changes of this attribute.")
    return None


def modify_metadata_options(request: Request) -> Response:
    """ModifyInstanceMetadataOptions: recorded; a machine that runs keeps what it was launched with."""
    with store.LOCK:
        record = store.instance(request["InstanceId"])
        changes = {name: request[name] for name in METADATA_DEFAULTS if name in request}
        record["MetadataOptions"] = {**record["MetadataOptions"], **changes}
        return {"InstanceId": record["InstanceId"], "InstanceMetadataOptions": record["MetadataOptions"]}
