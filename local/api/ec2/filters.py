"""Filters of Describe calls: all filters must match, each by any of its values; * and ? are wildcards."""

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from local.api.ec2 import store
from local.api.ec2.attachments import attached_to
from local.api.wire import ApiError, timestamp

Values = Callable[[store.Record], Iterable[Any]]


def _path(*names: str) -> Values:
    def values(record: store.Record) -> Iterable[Any]:
        node: Any = record
        for name in names:
            node = (node or {}).get(name)
        return [] if node is None else [node]

    return values


def _each(table: str, *names: str) -> Values:
    inner = _path(*names)
    return lambda record: [value for entry in record.get(table) or () for value in inner(entry)]


INSTANCE_FILTERS: Mapping[str, Values] = {
    "architecture": _path("Architecture"),
    "availability-zone": _path("Placement", "AvailabilityZone"),
    "block-device-mapping.device-name": lambda record: [
        attachment["Device"] for attachment in attached_to(record["InstanceId"])
    ],
    "block-device-mapping.volume-id": lambda record: [
        attachment["VolumeId"] for attachment in attached_to(record["InstanceId"])
    ],
    "dns-name": _path("PublicDnsName"),
    "iam-instance-profile.arn": _path("IamInstanceProfile", "Arn"),
    "iam-instance-profile.id": _path("IamInstanceProfile", "Id"),
    "image-id": _path("ImageId"),
    "instance-id": _path("InstanceId"),
    "instance-lifecycle": _path("InstanceLifecycle"),
    "instance-state-code": _path("State", "Code"),
    "instance-state-name": _path("State", "Name"),
    "instance-type": _path("InstanceType"),
    "instance.group-id": _each("SecurityGroups", "GroupId"),
    "instance.group-name": _each("SecurityGroups", "GroupName"),
    "ip-address": _path("PublicIpAddress"),
    "key-name": _path("KeyName"),
    "launch-time": _path("LaunchTime"),
    "metadata-options.http-tokens": _path("MetadataOptions", "HttpTokens"),
    "network-interface.network-interface-id": _each("NetworkInterfaces", "NetworkInterfaceId"),
    "network-interface.subnet-id": _each("NetworkInterfaces", "SubnetId"),
    "network-interface.vpc-id": _each("NetworkInterfaces", "VpcId"),
    "private-dns-name": _path("PrivateDnsName"),
    "private-ip-address": _path("PrivateIpAddress"),
    "root-device-name": _path("RootDeviceName"),
    "subnet-id": _path("SubnetId"),
    "vpc-id": _path("VpcId"),
}

VOLUME_FILTERS: Mapping[str, Values] = {
    "attachment.attach-time": _each("Attachments", "AttachTime"),
    "attachment.delete-on-termination": _each("Attachments", "DeleteOnTermination"),
    "attachment.device": _each("Attachments", "Device"),
    "attachment.instance-id": _each("Attachments", "InstanceId"),
    "attachment.status": _each("Attachments", "State"),
    "availability-zone": _path("AvailabilityZone"),
    "create-time": _path("CreateTime"),
    "encrypted": _path("Encrypted"),
    "multi-attach-enabled": _path("MultiAttachEnabled"),
    "size": _path("Size"),
    "snapshot-id": _path("SnapshotId"),
    "status": _path("State"),
    "volume-id": _path("VolumeId"),
    "volume-type": _path("VolumeType"),
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
