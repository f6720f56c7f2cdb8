"""etcd's own programs: saving a snapshot, checking it, restoring it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from kubequorum_node.backup.errors import DamagedError
from kubequorum_node.host import CommandError, Host

_SECONDS = 1800.0
"""For 8 GiB at 5 MiB a second."""
_PAGE_BYTES = 512
_SUM_BYTES = 32
"""A saved snapshot is a database file, whose size is a multiple of 512, and its SHA-256
(etcd etcdutl/snapshot/v3_snapshot.go)."""
_READ_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SnapshotStatus:
    """What a snapshot file holds, by `etcdutl snapshot status`."""

    revision: int
    hash: int
    keys: int
    """Of all revisions in it, not of the newest alone."""
    bytes: int


@dataclass(frozen=True, kw_only=True)
class EtcdTools:
    """etcd's programs, and how etcdctl reaches the member whose data are backed up."""

    host: Host
    etcd: str = "/usr/local/bin/etcd"
    etcdctl: str = "/usr/local/bin/etcdctl"
    etcdutl: str = "/usr/local/bin/etcdutl"
    member: tuple[str, ...] = ()
    """Flags of etcdctl: endpoint and certificates."""

    def save_snapshot(self, path: Path) -> None:
        """Save a snapshot of the member's data."""
        self._save(self.member, path)

    def save_snapshot_of(self, socket: str, path: Path) -> None:
        """Save a snapshot of a private etcd, which listens on a Unix socket."""
        self._save((f"--endpoints=unix://{socket}",), path)

    def check_snapshot(self, path: Path) -> SnapshotStatus:
        """Verify a snapshot file by its own sum, read all of it, and say what it holds.

        Raises:
            DamagedError: it is not a whole snapshot.

        """
        _check_sum(path)
        try:
            done = self.host.run(
                self.etcdutl, "snapshot", "status", str(path), "--write-out=json", timeout=_SECONDS
            )
            found = json.loads(done.stdout)
            return SnapshotStatus(
                revision=int(found["revision"]),
                hash=int(found["hash"]),
                keys=int(found["totalKey"]),
                bytes=int(found["totalSize"]),
            )
        except (CommandError, LookupError, TypeError, ValueError) as error:
            raise DamagedError(f"{path} is not a snapshot of etcd: {error}") from error

    def restore(self, snapshot: Path, folder: Path, *flags: str) -> None:
        """Make a data directory from a snapshot; etcdutl checks its sum."""
        self.host.run(
            *(self.etcdutl, "snapshot", "restore", str(snapshot), f"--data-dir={folder}"),
            *flags,
            timeout=_SECONDS,
        )

    def _save(self, member: tuple[str, ...], path: Path) -> None:
        path.unlink(missing_ok=True)
        self.host.run(
            *(self.etcdctl, *member, "--dial-timeout=5s", f"--command-timeout={_SECONDS:.0f}s"),
            *("snapshot", "save", str(path)),
            timeout=_SECONDS + 60,
        )


def _check_sum(path: Path) -> None:
    """Compare the SHA-256 at the file's end with what is before it."""
    size = path.stat().st_size
    if size % _PAGE_BYTES != _SUM_BYTES:
        raise DamagedError(f"{path} has {size} bytes: it is cut off, or it has no sum at its end")
    digest, left = hashlib.sha256(), size - _SUM_BYTES
    with path.open("rb") as file:
        while left:
            data = file.read(min(left, _READ_BYTES))
            if not data:
                raise DamagedError(f"{path} became shorter while it was read")
            digest.update(data)
            left -= len(data)
        if file.read() != digest.digest():
            raise DamagedError(f"the SHA-256 of {path} is another than the one at its end")
