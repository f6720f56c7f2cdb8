"""Full snapshots: saved from this master's member, verified, and named after the newest revision in them."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kubequorum_node.backup import names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.errors import BackupError, ObjectExistsError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.tools import EtcdTools, SnapshotStatus

MARKER = b"kubequorum/backup"
"""A key that is written before each full snapshot: the snapshot has its revision, or a later one."""
_SPARE_BYTES = 512 << 20
"""What must stay free on the file system that snapshots pass through."""


@dataclass(frozen=True, kw_only=True)
class FullBackup:
    """A full snapshot in the bucket."""

    key: str
    status: SnapshotStatus
    existed: bool
    """Whether one with the same revision was there already."""


def mark(gateway: Gateway, now: float) -> int:
    """Write the marker, with a time in seconds since 1970; returns its revision."""
    written = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    return gateway.put(MARKER, written.encode())


def take(
    bucket: Bucket,
    *,
    generation: int,
    gateway: Gateway,
    tools: EtcdTools,
    work_folder: str,
    now: float,
    at_least: int = 0,
    on_saved: Callable[[Path], None] = lambda _: None,
) -> FullBackup:
    """Save a snapshot, verify it, and write it to the bucket.

    Args:
        bucket: where to.
        generation: of the data.
        gateway: this master's member.
        tools: etcd's programs.
        work_folder: a folder on this host with room for the database.
        now: the time in seconds since 1970, for the marker.
        at_least: the revision that the snapshot must have.
        on_saved: called with the file before it is verified.

    Raises:
        BackupError: there is no room, or what was saved does not count.

    """
    tools.host.path(work_folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    needed = gateway.status().database_bytes + _SPARE_BYTES
    free = tools.host.space(work_folder).free_bytes
    if free < needed:
        raise BackupError(
            f"no room for a snapshot: {work_folder} has {free >> 20} MiB free, {needed >> 20} are needed"
        )
    # Written and read through this member: it has applied all revisions up to this one.
    marked = mark(gateway, now)
    gateway.revision()
    with tempfile.TemporaryDirectory(prefix="full-", dir=tools.host.path(work_folder)) as folder:
        path = Path(folder, "snapshot.db")
        tools.save_snapshot(path)
        on_saved(path)
        status = tools.check_snapshot(path)
        if status.revision < max(marked, at_least):
            raise BackupError(
                f"the snapshot has revision {status.revision}, and the cluster was at {max(marked, at_least)}"
            )
        key = names.full(generation, status.revision)
        try:
            bucket.create_from_file(key, path)
        except ObjectExistsError:
            return FullBackup(key=key, status=status, existed=True)
    return FullBackup(key=key, status=status, existed=False)
