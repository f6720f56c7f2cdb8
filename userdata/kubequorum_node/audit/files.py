"""The API server's audit log files: what is new in them since they were read last.

The API server writes one file and renames it when it is full (`--audit-log-maxsize`). A file is known by its
first line, which no other one has: the system may give the inode of a removed file to a new one.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubequorum_node.host import Host
from kubequorum_node.kubeadm.cluster_configuration import AUDIT_FOLDER

CURRENT = "audit.log"
_POSITIONS = "/var/lib/kubequorum/audit/positions.json"
_LONGEST_LINE_BYTES = 16 << 20
"""Far above the largest request, 3 MiB, that the API server takes."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Whole lines of one file."""

    file: str
    """Identity of the file."""
    offset: int
    """Where they begin in it."""
    data: bytes

    @property
    def end(self) -> int:
        """Where they end."""
        return self.offset + len(self.data)


class AuditFiles:
    """The files, and how far each has been read; the positions outlive this process."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._positions = _read_positions(host)
        self._missing: set[str] = set()

    def new(self, limit_bytes: int) -> Iterator[Segment]:
        """What is new, oldest first, in segments of about so many bytes.

        The next segment is read when the one before was confirmed by `done`, or it is the same again.
        """
        present = set()
        for path in self._paths():
            identity = _identity(path)
            if identity is None:
                continue
            present.add(identity)
            while segment := _segment(path, identity, self._positions.get(identity, 0), limit_bytes):
                yield segment
                if self._positions.get(identity, 0) == segment.offset:
                    return
        # A file that is renamed at this moment is in neither place: only who is missed twice is gone.
        missing = self._positions.keys() - present
        for gone in missing & self._missing:
            del self._positions[gone]
        self._missing = set(missing)

    def done(self, segment: Segment) -> None:
        """A segment is safe elsewhere: do not read it again."""
        self._positions[segment.file] = segment.end
        self._host.write(_POSITIONS, json.dumps(self._positions, sort_keys=True), mode=0o600)

    def _paths(self) -> list[Path]:
        """All files, oldest first; names of full ones have the time in an order that sorts."""
        folder = self._host.path(AUDIT_FOLDER)
        full = sorted(path for path in folder.glob("audit-*.log") if path.is_file())
        current = folder / CURRENT
        return [*full, *([current] if current.is_file() else [])]


def _identity(path: Path) -> str | None:
    """Of a file: its first line's hash; None as long as it has none."""
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_LINE_BYTES)
    except FileNotFoundError:
        return None
    return hashlib.sha256(line).hexdigest()[:16] if line.endswith(b"\n") else None


def _segment(path: Path, identity: str, offset: int, limit_bytes: int) -> Segment | None:
    """Whole lines from a position on: about so many bytes, and at least one line; None if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(limit_bytes)
            if b"\n" not in data and data:
                data += file.readline(_LONGEST_LINE_BYTES)
    except FileNotFoundError:
        return None
    whole = data[: data.rfind(b"\n") + 1]
    return Segment(file=identity, offset=offset, data=whole) if whole else None


def _read_positions(host: Host) -> dict[str, int]:
    """None of them if they cannot be read: a segment is rather written twice than not at all."""
    try:
        found: Any = json.loads(host.read(_POSITIONS) or "{}")
        return {str(file): int(offset) for file, offset in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
