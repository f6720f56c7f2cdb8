"""Whether the cluster can do without this master for a while: only the other members can say."""

from collections.abc import Collection
from dataclasses import dataclass

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import UNREADABLE, EtcdClient
from kubequorum_node.etcd.topology import Member, client_url, other_slots, peer_url
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.node import Node

_READY = 200


class RefusedError(NodeError):
    """The cluster cannot do without this master, or is busy with another."""


@dataclass(frozen=True, kw_only=True)
class PeerHealth:
    """What this master has seen of the others."""

    members: tuple[Member, ...]
    """All members, as the others know them."""
    healthy: frozenset[str]
    """Slots of the others whose member serves linearizable reads."""
    serving: frozenset[str]
    """Slots of the others whose API server is ready."""


def why_not_replaceable(peers: PeerHealth, *, slots: Collection[str], own_voters: int) -> str:
    """Why the cluster cannot do without this master; empty if it can.

    Args:
        peers: what was seen of the others.
        slots: all slots of the cluster.
        own_voters: how many of the members with a vote are this slot's: 1, or 0 while it has none.

    """
    voters = sum(not member.is_learner for member in peers.members)
    # Of the complete cluster: while a member is missing or a learner, no other may go.
    majority = max(voters, len(slots)) // 2 + 1
    if len(slots) == 1:
        return "it is the only master: nobody else has the data"
    if voters - own_voters < majority:
        return f"only {voters - own_voters} other members have a vote, and {majority} are needed"
    if len(peers.healthy) < majority:
        names = ", ".join(sorted(peers.healthy)) or "none"
        return f"of the others only {names} is healthy, and {majority} must be: the quorum would be lost"
    if not peers.serving:
        return "no other API server is ready either: a new instance does not fix what fails everywhere"
    return ""


def query_peers(node: Node) -> PeerHealth:
    """Query the other members, and their API servers.

    Raises:
        RefusedError: they have no quorum.

    """
    spec = node.etcd_spec
    etcd = EtcdClient.others(node)
    slots = other_slots(spec, node.slot)
    if not slots:
        return PeerHealth(members=(), healthy=frozenset(), serving=frozenset())
    try:
        members = etcd.members()
    except UNREADABLE as error:
        raise RefusedError(f"the others have no quorum: {error}") from error
    healthy = etcd.healthy_endpoints()
    return PeerHealth(
        members=tuple(members),
        healthy=frozenset(slot for slot in slots if client_url(spec, slot) in healthy),
        serving=frozenset(slot for slot in slots if _serves(node, slot)),
    )


def require_replaceable(node: Node) -> None:
    """Return if the cluster can do without this master.

    Raises:
        RefusedError: it cannot; says why.

    """
    peers = query_peers(node)
    url = peer_url(node.etcd_spec, node.slot)
    own = sum(url in member.peer_urls and not member.is_learner for member in peers.members)
    if reason := why_not_replaceable(peers, slots=node.etcd_spec.slots, own_voters=own):
        raise RefusedError(reason)


def _serves(node: Node, slot: str) -> bool:
    addresses = node.host.resolve(node.etcd_spec.slots[slot].etcd_name)
    urls = [f"https://{address}:{API_PORT}/readyz" for address in sorted(addresses)]
    return any(node.host.https_status(url, ca_file=CA_CERTIFICATE, timeout=5.0) == _READY for url in urls)
