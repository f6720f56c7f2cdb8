"""What Nodes say about their place in the network, checked: a node writes its own Node, and may lie.

A route to a wrong range would lead traffic of this host, masters included, to whoever claims it. So a Node is
taken for what it can be: a pod range of the size and from the range that the cluster file gives, and an
address in the VPC. Of two Nodes with one range the older keeps it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from kubequorum_node.document import ClusterDocument
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.pod_routes import Peer


class ClaimError(NodeError):
    """A Node says something that cannot be true."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """The ranges of the cluster file."""

    pod_cidr: IPv4Network
    node_mask_bits: int
    """Prefix length of the pod range of one node."""
    vpc_cidr: IPv4Network

    @classmethod
    def of(cls, document: ClusterDocument) -> "AddressPlan":
        """Those of a cluster."""
        return cls(
            pod_cidr=IPv4Network(document.pod_cidr),
            node_mask_bits=document.node_mask_bits,
            vpc_cidr=IPv4Network(document.vpc_cidr),
        )


def peer_of(node: Mapping[str, Any], plan: AddressPlan) -> Peer | None:
    """A Node object as a peer; None while it has no address or no pod range.

    Raises:
        ClaimError: its range or its address is none of this cluster, or it is no Node object.

    """
    try:
        pod_range = node.get("spec", {}).get("podCIDR")
        addresses = [
            a["address"] for a in node.get("status", {}).get("addresses", []) if a["type"] == "InternalIP"
        ]
        created = str(node.get("metadata", {}).get("creationTimestamp", ""))
    except (AttributeError, LookupError, TypeError) as error:
        raise ClaimError(f"it is no Node object: {error!r}") from error
    if not pod_range or not addresses:
        return None
    return Peer(_pod_range(pod_range, plan), _address(addresses[0], plan), created)


def believed(peers: Mapping[str, Peer]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers that have their range to themselves, and for each other one the reason why it is ignored.

    Args:
        peers: by name.

    """
    kept: dict[str, Peer] = {}
    owners: dict[IPv4Network, str] = {}
    ignored = {}
    for name, peer in sorted(peers.items(), key=lambda item: (item[1].created, item[0])):
        owner = owners.setdefault(peer.pod_range, name)
        if owner == name:
            kept[name] = peer
        else:
            ignored[name] = f"its pod range {peer.pod_range} is that of {owner}, which is older"
    return kept, ignored


def _pod_range(text: object, plan: AddressPlan) -> IPv4Network:
    wanted = f"a /{plan.node_mask_bits} of {plan.pod_cidr}"
    try:
        found = IPv4Network(str(text))
    except ValueError as error:
        raise ClaimError(f"its pod range {text!r} is not {wanted}: {error}") from error
    if found.prefixlen != plan.node_mask_bits or not found.subnet_of(plan.pod_cidr):
        raise ClaimError(f"its pod range {found} is not {wanted}")
    return found


def _address(text: object, plan: AddressPlan) -> IPv4Address:
    try:
        found = IPv4Address(str(text))
    except ValueError as error:
        raise ClaimError(f"its address {text!r} is not one of the VPC's {plan.vpc_cidr}: {error}") from error
    if found not in plan.vpc_cidr:
        raise ClaimError(f"its address {found} is not one of the VPC's {plan.vpc_cidr}")
    return found
