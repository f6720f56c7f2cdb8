"""Why etcd's container exited, by the end of its log.

etcd has no exit status for it: it logs the reason and exits. The sentences are those of etcd 3.6 and bbolt
1.4, each observed or read in their source.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from kubequorum_node.node import Node

_FOLDER = "/var/log/pods"
_LOGS = "kube-system_etcd-*/etcd/*.log"
"""https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-location-node"""
_READ_BYTES = 256 << 10
"""From the end. A Go program that panics ends its log with a stack trace of a few KiB."""
_SHOWN_LENGTH = 300


class Cause(Enum):
    """Why a member cannot run."""

    FULL = "its volume is full"
    STORAGE = "its volume cannot be written or read"
    DAMAGED = "its data are damaged"
    REMOVED = "the others have removed it from the cluster"


_SENTENCES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    # A full or failing disk causes many of the other sentences: it takes precedence.
    (Cause.FULL, re.compile(r"no space left on device|disk quota exceeded")),
    (Cause.STORAGE, re.compile(r"read-only file system|input/output error|structure needs cleaning")),
    (Cause.REMOVED, re.compile(r"permanently removed from the cluster|member has been removed")),
    (
        Cause.DAMAGED,
        re.compile(
            # The write-ahead log.
            r"crc mismatch|failed to (read|open) WAL|cannot use none as id|wal: file not found"
            r"|wal: slice bounds out of range|max entry size limit exceeded|wal: metadata conflict"
            # It is shorter than the others remember.
            r"|is out of range \[lastIndex\(|Was the raft log corrupted"
            # Snapshots.
            r"|failed to (recover|find).{0,20} (backend|database snapshot)|snap: .*(corrupt|empty)"
            r"|snapshot file doesn't exist"
            # The database.
            r"|invalid database|failed to map db file|database file size .* is (too small|smaller)"
            r"|assertion failed: |page \d+ (already|reachable)|invalid freelist|freepages:"
            r"|unexpected fault address|checksum error"
        ),
    ),
)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)? (?:stdout|stderr) [FP] ")
"""What a container runtime writes before each line, in the host's time zone."""


@dataclass(frozen=True, kw_only=True)
class ExitReason:
    """Why a container of etcd on this node exited."""

    cause: Cause
    line: str
    """The log line that says so."""


def find_exit_reason(node: Node, *, since: datetime) -> ExitReason | None:
    """The cause in the newest log of etcd on this node; None if it names none.

    Args:
        node: the node.
        since: earlier lines do not count: they are about data that have been replaced.

    """
    files = list(node.host.path(_FOLDER).glob(_LOGS))
    if not files:
        return None
    # The newest container may not have logged anything yet: the one before counts, too.
    newest = sorted(files, key=lambda path: path.stat().st_mtime)[-2:]
    for path in reversed(newest):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _READ_BYTES))
            text = file.read().decode(errors="replace")
        if found := classify(text, since=since):
            return found
    return None


def classify(log: str, *, since: datetime) -> ExitReason | None:
    """Find the cause in a container's log; of several the one that explains the others."""
    lines = [line for line in log.splitlines() if _written(line, since) >= since]
    for cause, pattern in _SENTENCES:
        for line in lines:
            # Warnings can contain what clients sent; the reason of an exit is never a warning.
            if '"level":"warn"' in line or '"level":"info"' in line:
                continue
            if pattern.search(line):
                return ExitReason(cause=cause, line=_TIME.sub("", line)[:_SHOWN_LENGTH])
    return None


def _written(line: str, otherwise: datetime) -> datetime:
    """When a line was written; one without a time counts as new."""
    found = _TIME.match(line)
    if found is None:
        return otherwise
    zone = found.group(2)
    written = datetime.fromisoformat(found.group(1) + ("+00:00" if zone in (None, "Z") else zone))
    # Logs have fractions of a second, which are cut off here.
    return written.astimezone(UTC) + timedelta(seconds=1)
