"""Filters of Describe calls: all filters must match, each by any of its values; * and ? are wildcards."""

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from emulator.api.ec2 import store
from emulator.api.ec2.attachments import attached_to
from emulator.api.wire import ApiError, timestamp

Values = Callable[[store.Record], Iterable[Any]]


def path(*names: str) -> Values:
    """The value under nested keys, if there is one."""

    def values(record: store.Record) -> Iterable[Any]:
        node: Any = record
        for name in names:
            node = (node or {}).get(name)
        return [] if node is None else [node]

    return values


def each(table: str, *names: str) -> Values:
    """The same of every entry of a list."""
    inner = path(*names)
    return lambda record: [value for entry in record.get(table) or () for value in inner(entry)]


INSTANCE_FILTERS: Mapping[str, Values] = {
    "architecture": path("Architecture"),
    "availability-zone": path("Placement", "AvailabilityZone"),
    "block-device-mapping.device-name": lambda record: [
        attachment["Device"] for attachment in attached_to(record["InstanceId"])
    ],
    "block-device-mapping.volume-id": lambda record: [
        attachment["VolumeId"] for attachment in attached_to(record["InstanceId"])
    ],
    "dns-name": path("PublicDnsName"),
    "iam-instance-profile.arn": path("IamInstanceProfile", "Arn"),
    "iam-instance-profile.id": path("IamInstanceProfile", "Id"),
    "image-id": path("ImageId"),
    "instance-id": path("InstanceId"),
    "instance-lifecycle": path("InstanceLifecycle"),
    "instance-state-code": path("State", "Code"),
    "instance-state-name": path("State", "Name"),
    "instance-type": path("InstanceType"),
    "instance.group-id": each("SecurityGroups", "GroupId"),
    "instance.group-name": each("SecurityGroups", "GroupName"),
    "ip-address": path("PublicIpAddress"),
    "key-name": path("KeyName"),
    "launch-time": path("LaunchTime"),
    "metadata-options.http-tokens": path("MetadataOptions", "HttpTokens"),
    "network-interface.network-interface-id": each("NetworkInterfaces", "NetworkInterfaceId"),
    "network-interface.subnet-id": each("NetworkInterfaces", "SubnetId"),
    "network-interface.vpc-id": each("NetworkInterfaces", "VpcId"),
    "private-dns-name": path("PrivateDnsName"),
    "private-ip-address": path("PrivateIpAddress"),
    "root-device-name": path("RootDeviceName"),
    "subnet-id": path("SubnetId"),
    "vpc-id": path("VpcId"),
}

VOLUME_FILTERS: Mapping[str, Values] = {
    "attachment.attach-time": each("Attachments", "AttachTime"),
    "attachment.delete-on-termination": each("Attachments", "DeleteOnTermination"),
    "attachment.device": each("Attachments", "Device"),
    "attachment.instance-id": each("Attachments", "InstanceId"),
    "attachment.status": each("Attachments", "State"),
    "availability-zone": path("AvailabilityZone"),
    "create-time": path("CreateTime"),
    "encrypted": path("Encrypted"),
    "multi-attach-enabled": path("MultiAttachEnabled"),
    "size": path("Size"),
    "snapshot-id": path("SnapshotId"),
    "status": path("State"),
    "volume-id": path("VolumeId"),
    "volume-type": path("VolumeType"),
}


def select(
    records: Iterable[store.Record],
    filters: Sequence[Mapping[str, Any]],
    *,
    id_key: str,
    known: Mapping[str, Values],
) -> list[store.Record]:
    """Return the records that match all filters.

    Raises:
        ApiError: a filter is not one of `known` and not about tags.
    """
    for entry in filters:
        name = entry["Name"]
        if name not in known and name not in ("tag-key", "tag-value") and not name.startswith("tag:"):
            raise ApiError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return [
        record
        for record in records
        if all(_matches(record, entry, id_key=id_key, known=known) for entry in filters)
    ]


def _matches(
    record: store.Record, entry: Mapping[str, Any], *, id_key: str, known: Mapping[str, Values]
) -> bool:
    name, patterns = entry["Name"], entry.get("Values") or []
    if name in known:
        found = [_text(value) for value in known[name](record)]
    else:
        tags = store.tags(record[id_key])
        if name == "tag-key":
            found = list(tags)
        elif name == "tag-value":
            found = list(tags.values())
        else:
            found = [tags[key] for key in tags if key == name.removeprefix("tag:")]
    return any(fnmatch.fnmatchcase(value, pattern) for value in found for pattern in patterns)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return timestamp(value) if hasattr(value, "astimezone") else str(value)
