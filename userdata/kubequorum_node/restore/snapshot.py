"""The snapshot that all masters restore from: rebuilt from the backups by one of them, and uploaded once."""

import json
from pathlib import Path

from kubequorum_node.aws.state_store import NOT_THERE, MissingObjectError, PreconditionError
from kubequorum_node.backup.rebuild import Rebuilt, rebuilt
from kubequorum_node.backup.s3_bucket import S3Bucket
from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.etcd.topology import other_slots
from kubequorum_node.log import info, timed, warning
from kubequorum_node.node import Node
from kubequorum_node.restore import adoption
from kubequorum_node.volume import restore_request, slot_record
from kubequorum_node.volume.restore_request import RestoreRequest
from kubequorum_node.volume.slot_record import SlotRecord

DATA = "restores/data/"
_PATIENCE_SECONDS = 90.0
"""How long the master that has claimed the rebuild is waited for. Two that rebuild cost time only."""
_SHOWN = 700
"""Of what was left out: an object's metadata have 2 KiB."""


class SnapshotGoneError(Exception):
    """Others run on the snapshot, and it is no longer in the bucket: this member must copy their data."""


def snapshot_key(number: int) -> str:
    """Where the snapshot of a restore is."""
    return f"{DATA}{number:06d}.db"


def obtain(node: Node, request: RestoreRequest, *, tools: EtcdTools, folder: Path) -> Path:
    """The snapshot, as a file in a folder.

    Raises:
        SnapshotGoneError: see there. It must not be rebuilt: it could differ from what the others have.
        BackupError: it cannot be rebuilt.

    """
    path = folder / "snapshot.db"
    if _download(node, request, path):
        return path
    if running := _slots_that_run_on_it(node, request):
        raise SnapshotGoneError(f"slots {', '.join(running)}")
    owner = _claim(node, request)
    if owner != node.slot and _await_other(node, request, path, owner):
        return path
    with timed(f"rebuild generation {request.generation} of the backups"):
        _rebuild(node, request, tools=tools, path=path)
    return path


def _rebuild(node: Node, request: RestoreRequest, *, tools: EtcdTools, path: Path) -> None:
    with rebuilt(
        S3Bucket(node.store, prefix=request.source),
        request.generation,
        tools=tools,
        work_folder=str(path.parent),
        until=None if request.or_newer else request.revision,
        or_less=True,
    ) as found:
        if request.source:
            adoption.forget(found.etcd.gateway(), restore=request.number)
        found.etcd.save(path)
        tools.check_snapshot(path)
        info(f"rebuilt revision {found.revision}, {found.replayed} revisions of it from logs")
        if found.revision < request.revision:
            warning(
                f"revision {request.revision} was wanted: "
                f"{'; '.join(found.left_out) or 'the chain ends there'}"
            )
        about = _metadata(found)
    try:
        node.store.create(snapshot_key(request.number), path, metadata=about)
    except PreconditionError:
        info("another master was faster: its snapshot is used")
        node.store.download(snapshot_key(request.number), path)


def _metadata(found: Rebuilt) -> dict[str, str]:
    """What was restored, for the operator's program; S3 takes ASCII only."""
    return {
        "revision": str(found.revision),
        "seen": "" if found.seen is None else f"{found.seen:.3f}",
        "full": found.full.key,
        "left-out": json.dumps("; ".join(found.left_out)[:_SHOWN]),
    }


def _download(node: Node, request: RestoreRequest, path: Path) -> bool:
    try:
        node.store.download(snapshot_key(request.number), path)
    except MissingObjectError:
        return False
    return True


def _slots_that_run_on_it(node: Node, request: RestoreRequest) -> list[str]:
    found = []
    for slot in other_slots(node.etcd_spec, node.slot):
        stored = node.store.get(slot_record.key(slot))
        if stored is not None and SlotRecord.from_json(stored.text).restore >= request.number:
            found.append(slot)
    return found


def _claim(node: Node, request: RestoreRequest) -> str:
    """The slot whose master rebuilds: this one, if it is the first to say so."""
    key = restore_request.claim_key(request.number)
    try:
        node.store.put(key, node.slot, only_if=NOT_THERE)
    except PreconditionError:
        claimed = node.store.get(key)
        return node.slot if claimed is None else claimed.text
    return node.slot


def _await_other(node: Node, request: RestoreRequest, path: Path, owner: str) -> bool:
    def look() -> None:
        if not _download(node, request, path):
            raise NotYetError("it is not there")

    info(f"the master of slot {owner} rebuilds the data")
    try:
        node.clock.poll(
            f"the snapshot by slot {owner}", look, seconds=_PATIENCE_SECONDS, pause=0.5, longest_pause=2.0
        )
    except WaitError as error:
        warning(f"{error}: rebuilding it here")
        return False
    return True
