"""Whether this node's etcd member begins, resumes, or must join again because its data are lost.

A cluster that has ever lived is never seeded empty: only a slot whose member has never worked may begin with
nothing.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from enum import Enum
from functools import partial

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.client import EtcdClient
from kubequorum_node.etcd.topology import (
    NEW,
    Member,
    Membership,
    first_members,
    joining,
    majority,
    member_name,
    peer_url,
)
from kubequorum_node.host import CommandError
from kubequorum_node.log import info, warning
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.volume import filesystem, member_data, restore_request, slot_record
from kubequorum_node.volume.restore_request import RestoreWatch
from kubequorum_node.volume.slot_record import SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume

_FILE = f"{WORK_FOLDER}/membership.json"
_QUORUM_SECONDS = 600.0
_CHANGE_SECONDS = 60.0
_NO_COPY_LEFT = (
    "restore a backup (`kubequorum restore --to latest`; docs/operations/quorum-loss.md says what that costs)"
)


class NoQuorumError(NodeError):
    """The slot's data are lost, and too few of the other members are up to copy them from."""


class ForeignVolumeError(NodeError):
    """The volume has etcd data, but is not the one that the slot's record names."""


class Decision(Enum):
    """What becomes of the slot's member."""

    BEGIN = "begins, as one of the cluster's first members"
    RESUME = "resumes with the data on its volume"
    REJOIN = "has lost its data: it leaves the cluster and joins it again as a learner"


_STAGE_AFTER = {Decision.BEGIN: slot_record.FORMING, Decision.REJOIN: slot_record.JOINING}
"""A member that resumes keeps its stage."""


def decide(record: SlotRecord | None, *, has_data: bool, volume_id: str) -> Decision:
    """Decide by the slot's record and by whether etcd has ever written to the volume.

    Raises:
        ForeignVolumeError: there are data, on another volume than the record names. They may be older
            than what the member has acknowledged to the others, and etcd would serve them.

    """
    if has_data:
        if record is not None and record.stage in slot_record.HAS_LIVED and record.volume != volume_id:
            raise ForeignVolumeError(
                f"volume {volume_id} has etcd data, but by the slot's record the member's data are on "
                f"{record.volume}. Give the slot that volume back. If it no longer exists, terminate this "
                f"instance and delete {volume_id}: the slot's next master creates another one, and its "
                "member joins again from the others. If the volumes of all masters were replaced with "
                "copies from the same moment, delete the records of all slots (slots/*/record.json in the "
                "state bucket)"
            )
        return Decision.RESUME
    if record is not None and record.stage in slot_record.HAS_LIVED:
        return Decision.REJOIN
    return Decision.BEGIN


def settle(node: Node, volume: SlotVolume, *, newest_restore: int | None = None) -> Membership:
    """Write the slot's record, decide, and do what is needed for etcd to start.

    Args:
        node: the node.
        volume: the slot's volume.
        newest_restore: the number of the newest request to restore, if it was looked for.

    Raises:
        NoQuorumError: the data are lost and the others have no quorum.
        ForeignVolumeError: see `decide`.
        RequestGoneError: the slot's data come from a later restore than the newest.
        RestoreRequestedError: a restore is requested while the others are waited for.

    """
    decisions: list[Decision] = []

    def change(old: SlotRecord | None) -> SlotRecord:
        if old is not None and newest_restore is not None:
            restore_request.require_known(node, old.restore, newest=newest_restore)
        decision = decide(old, has_data=filesystem.has_wal(node), volume_id=volume.volume_id)
        decisions.append(decision)
        stage = _STAGE_AFTER.get(decision) or (slot_record.MEMBER if old is None else old.stage)
        return slot_record.occupied(old, node, volume_id=volume.volume_id, stage=stage)

    record = slot_record.update(node, change)
    decision = decisions[-1]
    info(f"the etcd member of slot {node.slot} {decision.value}")
    rejoins = decision is Decision.REJOIN
    found = _rejoin(node, volume) if rejoins else first_members(node.etcd_spec)
    membership = replace(found, restore=record.restore)
    node.host.write(_FILE, json.dumps(asdict(membership)), mode=0o600)
    return membership


def settled(node: Node) -> Membership:
    """What `settle` has decided on this node; before that, the cluster's first set."""
    text = node.host.read(_FILE)
    return first_members(node.etcd_spec) if text is None else Membership(**json.loads(text))


def is_new(node: Node) -> bool:
    """Whether this node's member is one of the cluster's first, and has not begun yet."""
    return settled(node).state == NEW and not filesystem.has_wal(node)


def mark_for_rejoin(node: Node, volume: SlotVolume, *, because: str) -> None:
    """Record that the member joins again, whatever is on its volume, if the others have its data.

    Only after that may its data be touched: whatever happens then, the next boot continues from here.

    Args:
        node: the node.
        volume: the slot's volume.
        because: what is wrong with the data, for the error.

    Raises:
        NoQuorumError: the others do not have them; nothing was changed.
        RestoreRequestedError: the data are of no use any more; nothing was changed.

    """
    wait_for_quorum(node, because=because)
    warning(f"{because}: the member of slot {node.slot} will join the others again")
    slot_record.update(
        node,
        lambda old: slot_record.occupied(old, node, volume_id=volume.volume_id, stage=slot_record.JOINING),
    )


def wait_for_quorum(node: Node, *, because: str) -> list[Member]:
    """All members, as a quorum of the others knows them.

    Raises:
        NoQuorumError: there is none, and `because` a person must help.
        RestoreRequestedError: a person does, by a restore.

    """
    watch = RestoreWatch(node)
    watch.check()
    records = f"s3://{node.config.bucket}/{slot_record.key('*')}"
    if len(node.etcd_spec.slots) == 1:
        raise NoQuorumError(
            f"{because}, and this cluster has no other member that has a copy. If the slot's old volume "
            f"still exists, give it back to the slot. Otherwise {_NO_COPY_LEFT}; to begin with an empty "
            f"cluster, delete the slot's volume and {records}"
        )
    others = EtcdClient.others(node)
    info(f"{because}: waiting for a quorum of the other members, or for a restore to be requested")

    def ask() -> list[Member]:
        watch.check()
        try:
            return others.members()
        except CommandError as error:
            raise NotYetError(str(error)) from error

    try:
        return node.clock.poll(
            "a quorum of the other members", ask, seconds=_QUORUM_SECONDS, pause=1.0, longest_pause=3.0
        )
    except WaitError as error:
        raise NoQuorumError(
            f"{because}, and the other masters have no quorum to copy the data from: start masters until "
            f"{majority(node.etcd_spec)} members work. If too few of them still have their data, "
            f"{_NO_COPY_LEFT}; to begin with an empty cluster, delete the volumes of all slots and "
            f"{records}. {error}"
        ) from error


def _rejoin(node: Node, volume: SlotVolume) -> Membership:
    """Remove the old member and add a learner; repeated after a crash, it continues where it stopped."""
    others = EtcdClient.others(node)
    spec = node.etcd_spec
    name, url = member_name(node.slot), peer_url(spec, node.slot)
    lost = f"the data of slot {node.slot} are lost (there is no write-ahead log on volume {volume.volume_id})"
    members = wait_for_quorum(node, because=lost)
    # Remains of the old member must not become part of the new one.
    member_data.quarantine(node)
    mine = [member for member in members if url in member.peer_urls]
    if not any(member.is_learner and not member.name for member in mine):
        for member in mine:
            warning(
                f"removing member {member.hex_id} ({member.name or 'never started'}), whose data are lost"
            )
            _retry(node, f"removal of member {member.hex_id}", partial(others.remove, member))
        _retry(node, f"addition of learner {name}", lambda: others.add_learner(name, url))
        members = wait_for_quorum(node, because=lost)
    return joining(spec, members)


def _retry(node: Node, what: str, change: Callable[[], object]) -> None:
    def attempt() -> None:
        try:
            change()
        except CommandError as error:
            raise NotYetError(str(error)) from error

    node.clock.poll(what, attempt, seconds=_CHANGE_SECONDS, pause=2.0)
