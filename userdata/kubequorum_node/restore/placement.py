"""Restored data on the slot's volume: made beside what is there, then put in its place.

Each move is one rename on one file system, and what is there tells a later boot how far an earlier one came.
"""

import json
import os
import shutil
from pathlib import Path

from kubequorum_node.backup.rebuild import data_directory
from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd.topology import first_members, member_name, peer_url, restored_token
from kubequorum_node.kubeadm.cluster_configuration import DATA_FOLDER
from kubequorum_node.log import info, timed, warning
from kubequorum_node.node import Node
from kubequorum_node.volume import member_data
from kubequorum_node.volume.filesystem import MOUNT_POINT
from kubequorum_node.volume.restore_request import RestoreRequest
from kubequorum_node.volume.slot_volume import SlotVolume

_MARKER = f"{MOUNT_POINT}/restore.json"
_PART = f"{MOUNT_POINT}/restored.part"
_PREPARED = f"{MOUNT_POINT}/restored-{{:06d}}"
_MEMBER = "member"
_LOG_BYTES = 192 << 20
"""etcd preallocates 64 MB for each file of its write-ahead log, and keeps the next one ready."""


class NoRoomError(NodeError):
    """The volume is too small for what is restored."""


def restore_of(node: Node) -> int:
    """The number of the restore that the data on the mounted volume come from; 0 for none."""
    try:
        return int(json.loads(node.host.read(_MARKER) or '{"restore": 0}')["restore"])
    except (ValueError, LookupError, TypeError):
        return 0


def note(node: Node, restore: int) -> None:
    """Write on the volume which restore its data come from, so that it lasts longer than any power."""
    if restore_of(node) != restore:
        node.host.write(_MARKER, json.dumps({"restore": restore}), mode=0o600)
    # A file system's journal keeps the order: what was renamed before is on the disk then, too.
    descriptor = os.open(node.host.path(MOUNT_POINT), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_prepared(node: Node, request: RestoreRequest) -> bool:
    """Whether an earlier boot has made the restored data already."""
    return node.host.path(_PREPARED.format(request.number)).exists()


def prepare(
    node: Node, volume: SlotVolume, request: RestoreRequest, *, tools: EtcdTools, snapshot: Path
) -> None:
    """Make the restored data beside those that are there.

    Raises:
        NoRoomError: the volume has too little room, even without copies and without the present data.

    """
    part = node.host.path(_PART)
    for left in (part, *part.parent.glob("restored-*")):
        shutil.rmtree(left, ignore_errors=True)
    _make_room(node, volume, request, needed=snapshot.stat().st_size + _LOG_BYTES)
    spec = node.etcd_spec
    with timed(f"make the data of restore {request.number}"):
        data_directory(
            tools,
            snapshot,
            part,
            member=member_name(node.slot),
            peer_url=peer_url(spec, node.slot),
            initial_cluster=first_members(spec).initial_cluster,
            token=restored_token(node.document.cluster, request.number),
            bump_revision=request.bump_revision,
        )
    part.rename(node.host.path(_PREPARED.format(request.number)))


def put_in_place(node: Node, request: RestoreRequest) -> None:
    """Exchange the member's data for the prepared ones; what was there is kept."""
    prepared = node.host.path(_PREPARED.format(request.number))
    if (prepared / _MEMBER).exists():
        member_data.keep(node, restore=request.number)
        (prepared / _MEMBER).rename(node.host.path(f"{DATA_FOLDER}/{_MEMBER}"))
    note(node, request.number)
    shutil.rmtree(prepared, ignore_errors=True)


def _make_room(node: Node, volume: SlotVolume, request: RestoreRequest, *, needed: int) -> None:
    def free() -> int:
        return node.host.space(MOUNT_POINT).free_bytes

    while free() < needed and member_data.drop_copy(node):
        info(f"{volume}: {free() >> 20} MiB are free, the restore needs {needed >> 20}")
    data = node.host.path(member_data.MEMBER_FOLDER)
    if free() < needed and data.exists():
        warning(
            f"the data from before restore {request.number} are deleted, not kept: {volume} has only "
            f"{free() >> 20} MiB free, and {needed >> 20} are needed"
        )
        shutil.rmtree(data)
    if free() < needed:
        raise NoRoomError(
            f"{volume} has {free() >> 20} MiB free, and restore {request.number} needs {needed >> 20}: "
            "deploy a larger masters.etcd_volume.size_gib"
        )
