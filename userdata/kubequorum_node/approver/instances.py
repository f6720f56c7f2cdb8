"""What EC2 says of the instances behind certificate requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kubequorum_node.config import CLUSTER_TAG, SLOT_TAG, WORKER_GROUP_TAG
from kubequorum_node.node import Node

_AT_ONCE = 100


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance as EC2 describes it."""

    instance_id: str
    state: str
    vpc: str
    cluster: str = ""
    """Of its tag; empty without one."""
    slot: str = ""
    worker_group: str = ""
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    """All that it may call its own."""


def find(node: Node, instance_ids: Iterable[str]) -> dict[str, Instance]:
    """Those of the instances that EC2 knows; it may not know yet what was launched a moment ago.

    https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """
    wanted = sorted(set(instance_ids))
    found: dict[str, Instance] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        for described in _describe(node, wanted[begin : begin + _AT_ONCE]):
            found[described["InstanceId"]] = _instance(described)
    return found


def _describe(node: Node, instance_ids: list[str]) -> list[dict[str, Any]]:
    # By filter: with InstanceIds, a single unknown id fails the whole request.
    answer = node.aws.call(
        lambda: node.aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": instance_ids}])
    )
    return [dict(one) for reservation in answer["Reservations"] for one in reservation.get("Instances", [])]


def _instance(described: dict[str, Any]) -> Instance:
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
    interfaces = described.get("NetworkInterfaces", [])
    own = [entry for interface in interfaces for entry in interface.get("PrivateIpAddresses", [])]
    addresses = [described.get("PrivateIpAddress"), *(entry.get("PrivateIpAddress") for entry in own)]
    names = [described["InstanceId"], described.get("PrivateDnsName")]
    return Instance(
        instance_id=described["InstanceId"],
        state=described["State"].get("Name", ""),
        vpc=described.get("VpcId", ""),
        cluster=tags.get(CLUSTER_TAG, ""),
        slot=tags.get(SLOT_TAG, ""),
        worker_group=tags.get(WORKER_GROUP_TAG, ""),
        names=frozenset(str(name).lower() for name in names if name),
        addresses=frozenset(str(address) for address in addresses if address),
    )
