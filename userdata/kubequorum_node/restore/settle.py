"""How etcd starts here: with restored data if a restore was requested, else as its membership says."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.etcd import membership
from kubequorum_node.etcd.topology import Membership
from kubequorum_node.kubeadm import ca_set, fixed_settings
from kubequorum_node.kubernetes import api_server_files
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.restore import placement, snapshot
from kubequorum_node.restore.snapshot import SnapshotGoneError
from kubequorum_node.volume import filesystem, member_data, restore_request, slot_record
from kubequorum_node.volume.restore_request import RestoreRequest, RestoreRequestedError
from kubequorum_node.volume.slot_record import JOINING, MEMBER, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume

WORK_FOLDER = "/var/lib/kubequorum/restore"
"""On the root volume: a snapshot of etcd's data, and those of a private etcd while they are rebuilt."""


def settle(node: Node, volume: SlotVolume) -> Membership:
    """Carry out a requested restore, then settle the membership of the slot's member.

    Raises:
        RequestGoneError: the data come from a later restore than the newest that is known.
        BackupError: nothing can be rebuilt from the backups.
        FixedSettingError: the data are of a cluster with other ranges of addresses.
        NodeError: see `membership.settle`.

    """
    while True:
        request = restore_request.newest(node)
        number = 0 if request is None else request.number
        restore_request.require_known(node, placement.restore_of(node), newest=number)
        if request is not None:
            _bring_data(node, volume, request)
        try:
            found = membership.settle(node, volume, newest_restore=number)
        except RestoreRequestedError as requested:
            info(str(requested))
            continue
        if request is not None:
            placement.note(node, number)
        return found


def _bring_data(node: Node, volume: SlotVolume, request: RestoreRequest) -> None:
    """See to it that the data on the volume, if there are any, come from the newest restore."""
    record = slot_record.read(node)
    number, recorded = request.number, 0 if record is None else record.restore
    on_volume = placement.restore_of(node)
    restore_request.require_known(node, recorded, newest=number)
    if recorded < number:
        if on_volume < number:
            _restore(node, volume, request)
        else:
            info(f"the data on {volume} are of restore {number}: an earlier boot has put them there")
        _record(node, volume, restore=number, stage=MEMBER if filesystem.has_wal(node) else JOINING)
        return
    is_its_volume = record is not None and record.volume == volume.volume_id
    if on_volume < number and is_its_volume and filesystem.has_wal(node):
        # Its member has voted since then: with older data, or with the restored ones again, it would break
        # its word. The others have what it has acknowledged.
        warning(f"the data on {volume} are from before restore {number}: they are not used")
        member_data.keep(node, restore=number)


def _restore(node: Node, volume: SlotVolume, request: RestoreRequest) -> None:
    fixed_settings.require_same(node, request.settings, whose=f"what restore {request.number} restores")
    info(f"restore {request.number} was requested: slot {node.slot} carries it out")
    if request.source:
        # Again: this boot may have begun before the other cluster's key was in the bucket.
        api_server_files.write(node, ca_set.install(node))
    _record(node, volume, outcome=f"restoring {request.number}")
    tools = EtcdTools(host=node.host)
    if not placement.is_prepared(node, request):
        work = node.host.path(WORK_FOLDER)
        # What an attempt has left that was killed: each is as large as the database.
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=work) as folder:
            try:
                path = snapshot.obtain(node, request, tools=tools, folder=Path(folder))
            except SnapshotGoneError as gone:
                warning(f"the snapshot of restore {request.number} is deleted: the data come from {gone}")
                member_data.keep(node, restore=request.number)
                return
            placement.prepare(node, volume, request, tools=tools, snapshot=path)
    placement.put_in_place(node, request)


def _record(
    node: Node, volume: SlotVolume, *, restore: int | None = None, stage: str = "", outcome: str = "booting"
) -> None:
    """Write into the slot's record what this restore has come to; what is not named stays."""

    def change(old: SlotRecord | None) -> SlotRecord:
        known = JOINING if old is None else old.stage
        new = slot_record.occupied(old, node, volume_id=volume.volume_id, stage=stage or known)
        return replace(new, outcome=outcome, restore=new.restore if restore is None else restore)

    slot_record.update(node, change)
