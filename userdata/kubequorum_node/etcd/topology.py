"""The members of etcd as they are planned: their names, their URLs, and the flags that say so.

Pure functions of the cluster's specification. Which members there really are, only a quorum knows:
see `membership`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kubequorum_node.document import EtcdSpec

NEW = "new"
"""State of a member of the cluster's first set."""
EXISTING = "existing"
"""State of a member that joins a cluster that has lived."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """How a member of etcd that has no data yet finds the others. One that has data does not read it."""

    state: str
    """NEW or EXISTING."""
    initial_cluster: str
    """`name=peer URL` of every member, joined by commas."""
    restore: int = 0
    """The number of the restore that the cluster was formed by; 0 if it never was restored."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member as a quorum knows it."""

    member_id: int
    name: str
    """Empty until it has started for the first time."""
    peer_urls: tuple[str, ...]
    is_learner: bool

    @property
    def hex_id(self) -> str:
        """The id as etcdctl takes it."""
        return f"{self.member_id:x}"


def member_name(slot: str) -> str:
    """Name of a slot's etcd member."""
    return f"etcd-{slot}"


def peer_url(spec: EtcdSpec, slot: str) -> str:
    """Where the other members find a slot's member. It never changes."""
    return f"https://{spec.slots[slot].etcd_name}:2380"


def client_url(spec: EtcdSpec, slot: str) -> str:
    """Where clients find a slot's member."""
    return f"https://{spec.slots[slot].etcd_name}:2379"


def restored_token(cluster: str, restore: int) -> str:
    """The initial-cluster-token of a restored cluster. The ids of cluster and members depend on it.

    No cluster of this name has had it before: members and data of an earlier one cannot take part
    (https://etcd.io/docs/v3.6/op-guide/recovery/).
    """
    return f"{cluster}-restore-{restore}"


def first_members(spec: EtcdSpec) -> Membership:
    """The cluster's first set of members: all slots."""
    members = ",".join(f"{member_name(slot)}={peer_url(spec, slot)}" for slot in sorted(spec.slots))
    return Membership(state=NEW, initial_cluster=members)


def joining(spec: EtcdSpec, members: Iterable[Member]) -> Membership:
    """What a member starts with that joins these members, of which it is one.

    A member that has not started yet has no name in a quorum's list: its slot gives the name.
    """
    slot_of = {peer_url(spec, slot): slot for slot in spec.slots}
    named = (
        f"{member_name(slot_of[url]) if url in slot_of else member.name}={url}"
        for member in members
        for url in member.peer_urls
    )
    return Membership(state=EXISTING, initial_cluster=",".join(sorted(named)))


def majority(spec: EtcdSpec) -> int:
    """How many members must agree in a complete cluster."""
    return len(spec.slots) // 2 + 1


def other_slots(spec: EtcdSpec, slot: str) -> list[str]:
    """All slots but this one."""
    return [other for other in spec.slots if other != slot]


def member_arguments(
    spec: EtcdSpec, slot: str, membership: Membership, *, cluster: str
) -> list[tuple[str, str]]:
    """Etcd's flags that differ from member to member; after a restore its token replaces the cluster's."""
    restored = membership.restore
    return [
        *([("initial-cluster-token", restored_token(cluster, restored))] if restored else []),
        ("name", member_name(slot)),
        ("initial-advertise-peer-urls", peer_url(spec, slot)),
        ("initial-cluster", membership.initial_cluster),
        ("initial-cluster-state", membership.state),
    ]
