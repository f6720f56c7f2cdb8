"""Whether this machine's etcd member begins, carries on, or must join anew because its data are lost.

A cluster that has ever lived is never seeded empty: only a slot whose member has
never worked may begin with nothing.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from enum import Enum
from functools import partial

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import Etcd, Member
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.kubeadm.configuration import Membership, first_members, member_name, peer_url
from kubequorum_node.log import say
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.volume import filesystem, member_data, slot_record
from kubequorum_node.volume.slot_record import SlotRecord

_FILE = f"{WORK_FOLDER}/membership.json"
_QUORUM_SECONDS = 600.0
_CHANGE_SECONDS = 60.0


class NoQuorumError(NodeError):
    """The slot's data are lost and too few of the others are there to give them back."""


class ForeignVolumeError(NodeError):
    """The volume has etcd data, but not those that the slot's record speaks of."""


class Decision(Enum):
    """What becomes of the slot's member."""

    BEGIN = "begins, as one of the cluster's first members"
    CARRY_ON = "carries on with the data on its volume"
    REJOIN = "has lost its data: it leaves the cluster and joins again as a learner"


_STAGE_AFTER = {Decision.BEGIN: slot_record.FORMING, Decision.REJOIN: slot_record.JOINING}
"""A member that carries on stays what it was."""


def decide(record: SlotRecord | None, *, has_data: bool, volume: str) -> Decision:
    """Decide by the slot's record and by whether etcd has ever written to the volume.

    Raises:
        ForeignVolumeError: there are data, on another volume than the record says. They may be older than
            what the member has promised to the others, and etcd would answer with them.

    """
    if has_data:
        if record is not None and record.stage in slot_record.HAS_LIVED and record.volume != volume:
            raise ForeignVolumeError(
                f"volume {volume} has etcd data, but by its record the slot's member has its data on "
                f"{record.volume}. If this is a copy of it, its data may be too old to go on with: remove "
                f"{DATA_FOLDER}/member on it and the member joins anew from the others. If all "
                "masters are being restored from copies of the same moment, delete the slots' records"
            )
        return Decision.CARRY_ON
    if record is not None and record.stage in slot_record.HAS_LIVED:
        return Decision.REJOIN
    return Decision.BEGIN


def settle(node: Node) -> Membership:
    """Write the slot's record, decide, and do what is needed for etcd to start.

    Raises:
        NoQuorumError: the data are lost and the others have no quorum.
        ForeignVolumeError: see `decide`.

    """
    decisions: list[Decision] = []

    def change(old: SlotRecord | None) -> SlotRecord:
        decision = decide(old, has_data=filesystem.has_wal(node), volume=slot_record.volume(node))
        decisions.append(decision)
        stage = _STAGE_AFTER.get(decision) or (slot_record.MEMBER if old is None else old.stage)
        return slot_record.occupied(old, node, stage=stage)

    slot_record.update(node, change)
    decision = decisions[-1]
    say(f"the etcd member of slot {node.slot} {decision.value}")
    membership = _rejoin(node) if decision is Decision.REJOIN else first_members(node.etcd_spec)
    node.host.write(_FILE, json.dumps(asdict(membership)), mode=0o600)
    return membership


def settled(node: Node) -> Membership:
    """What `settle` found on this machine; before that, the cluster's first set."""
    text = node.host.read(_FILE)
    return first_members(node.etcd_spec) if text is None else Membership(**json.loads(text))


def begins(node: Node) -> bool:
    """Whether this machine's member is one of the cluster's first, and has not begun yet."""
    return settled(node).state == first_members(node.etcd_spec).state and not filesystem.has_wal(node)


def give_up_data(node: Node, *, because: str) -> None:
    """Note that the member joins anew, whatever is on its volume, if the others can give it the data.

    Only after that may its data be touched: whatever happens then, the next boot goes on from here.

    Args:
        node: the machine.
        because: what is wrong with the data, for the error.

    Raises:
        NoQuorumError: they cannot; nothing was changed.

    """
    wait_for_quorum(node, because=because)
    say(f"{because}: the member of slot {node.slot} will join anew from the others")
    slot_record.update(node, lambda old: slot_record.occupied(old, node, stage=slot_record.JOINING))


def wait_for_quorum(node: Node, *, because: str) -> list[Member]:
    """All members, as a quorum of the others knows them.

    Raises:
        NoQuorumError: there is none, and `because` a person must help.

    """
    if len(node.etcd_spec.slots) == 1:
        raise NoQuorumError(
            f"{because}, but this cluster has lived, and it has no other member: restore a backup, or give "
            "the slot its old volume back"
        )
    others = Etcd.others(node)

    def ask() -> list[Member]:
        try:
            return others.members()
        except CommandError as error:
            raise NotYetError(str(error)) from error

    try:
        return node.clock.poll(
            "a quorum of the other members", ask, seconds=_QUORUM_SECONDS, pause=2.0, longest_pause=10.0
        )
    except WaitError as error:
        raise NoQuorumError(
            f"{because} and the other masters have no quorum to give the data back: bring one of them up, or "
            f"restore a backup. {error}"
        ) from error


def _rejoin(node: Node) -> Membership:
    """Take the old member out and add a learner; repeated, it goes on where it stopped."""
    others = Etcd.others(node)
    url = peer_url(node.etcd_spec, node.slot)
    lost = f"the data of slot {node.slot} are lost (there is no log on volume {slot_record.volume(node)})"
    members = wait_for_quorum(node, because=lost)
    # What is left of them must not become part of the new member.
    member_data.put_aside(node)
    mine = [member for member in members if url in member.peer_urls]
    waiting = [member for member in mine if member.is_learner and not member.name]
    if not waiting:
        for member in mine:
            say(f"removing member {member.hex_id} ({member.name or 'never started'}), whose data are lost")
            _insist(node, f"removal of member {member.hex_id}", partial(others.remove, member))
        _insist(
            node,
            f"learner {member_name(node.slot)} added",
            lambda: others.add_learner(member_name(node.slot), url),
        )
        members = wait_for_quorum(node, because=lost)
    return Membership(state="existing", initial_cluster=_initial_cluster(node, members))


def _initial_cluster(node: Node, members: list[Member]) -> str:
    """All members by slot: one that has not started yet has no name of its own in the list."""
    slot_of = {peer_url(node.etcd_spec, slot): slot for slot in node.etcd_spec.slots}
    return ",".join(
        sorted(
            f"{member_name(slot_of[url]) if url in slot_of else member.name}={url}"
            for member in members
            for url in member.peer_urls
        )
    )


def _insist(node: Node, what: str, change: Callable[[], object]) -> None:
    def attempt() -> None:
        try:
            change()
        except CommandError as error:
            raise NotYetError(str(error)) from error

    node.clock.poll(what, attempt, seconds=_CHANGE_SECONDS, pause=2.0)
