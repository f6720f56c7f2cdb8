"""Stale Node objects, whose instance is gone: no cloud controller removes them, see revoked_nodes."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from kubequorum_node.kubernetes import revoked_nodes
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.log import info
from kubequorum_node.node import Node

_INSTANCE_ID = re.compile(r"i-[0-9a-f]+")
_GRACE = timedelta(minutes=5)
"""EC2 is eventually consistent: a Node this young is left alone."""
_AT_ONCE = 100


def remove(node: Node) -> None:
    """Remove the Nodes whose instance is terminated or unknown to EC2, and revoke their names."""
    found = json.loads(kubectl(node, "get", "nodes", "--output=json").stdout)["items"]
    stale = stale_nodes(found, _states(node, list(filter(None, map(instance_id, found)))), datetime.now(UTC))
    if stale:
        revoked_nodes.revoke(node, list(stale), datetime.now(UTC))
    for name, reason in stale.items():
        info(f"removing node {name}: {reason}")
        kubectl(node, "delete", "node", name, "--ignore-not-found", "--wait=false")


def remove_own(node: Node) -> None:
    """Remove this host's Node: the instance is being terminated."""
    kubectl(node, "delete", "node", node.identity.node_name, "--ignore-not-found", "--wait=false")


def stale_nodes(nodes: list[dict[str, Any]], states: dict[str, str], now: datetime) -> dict[str, str]:
    """Name of each stale Node, with the reason.

    Args:
        nodes: all Nodes.
        states: state of each instance that EC2 knows.
        now: the time.

    Nodes that are not EC2 instances are left alone. A Node whose instance EC2 does not know must also be old
    and not Ready: something runs there otherwise.

    """
    stale = {}
    for each in nodes:
        instance = instance_id(each)
        if instance is None:
            continue
        name = each["metadata"]["name"]
        if states.get(instance) == "terminated":
            stale[name] = f"its instance {instance} is terminated"
        elif instance not in states and not _is_ready(each) and now - _created(each) > _GRACE:
            stale[name] = f"EC2 knows no instance {instance}"
    return stale


def instance_id(node: dict[str, Any]) -> str | None:
    """The instance behind a Node; None if there is none.

    By the Node's name, which its kubelet's certificate is bound to: a node may write any provider id.
    """
    name = str(node["metadata"]["name"])
    return name if _INSTANCE_ID.fullmatch(name) else None


def _states(node: Node, instance_ids: list[str]) -> dict[str, str]:
    states = {}
    for begin in range(0, len(instance_ids), _AT_ONCE):
        some = instance_ids[begin : begin + _AT_ONCE]
        # By filter: with InstanceIds, a single unknown id fails the whole request.
        states.update(_describe(node, some))
    return states


def _describe(node: Node, instance_ids: list[str]) -> dict[str, str]:
    answer = node.aws.call(
        lambda: node.aws.ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": instance_ids}])
    )
    return {
        instance["InstanceId"]: instance["State"].get("Name", "")
        for reservation in answer["Reservations"]
        for instance in reservation.get("Instances", [])
    }


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _created(node: dict[str, Any]) -> datetime:
    return datetime.strptime(node["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
