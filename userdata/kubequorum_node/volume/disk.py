"""The file system of the slot's volume: how much space it has, and whether it accepts writes."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from kubequorum_node.errors import NodeError
from kubequorum_node.host import Space
from kubequorum_node.log import warning
from kubequorum_node.node import Node
from kubequorum_node.volume import member_data
from kubequorum_node.volume.filesystem import MOUNT_POINT
from kubequorum_node.volume.slot_volume import SlotVolume

_PROBE = f"{MOUNT_POINT}/.kubequorum-probe"
STALLED_SECONDS = 20.0
"""Far longer than a busy volume takes for one small write."""
_TROUBLE = {
    errno.EROFS: "its file system is mounted read-only: the kernel found it damaged or the volume failed",
    errno.EIO: "writing to it fails with an I/O error",
    errno.ENOENT: "it is not mounted",
}

FULL_BELOW_BYTES = 256 << 20
"""etcd preallocates 64 MB for each file of its write-ahead log, and exits when it cannot."""

START_NEEDS_BYTES = 96 << 20
"""One such file, and a little for the database."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """What a probe found."""

    space: Space | None = None
    """None if it could not be measured."""
    trouble: str = ""
    """Why it does not accept writes; empty if it does. Being full is not trouble: see `is_full`."""

    @property
    def has_no_room(self) -> bool:
        """Whether etcd cannot even start."""
        return self.space is not None and self.space.free_bytes < START_NEEDS_BYTES

    @property
    def is_full(self) -> bool:
        """Whether etcd may fail for lack of space at any moment."""
        return self.space is not None and self.space.free_bytes < FULL_BELOW_BYTES


class DiskError(NodeError):
    """etcd could not work on the volume."""


class FullError(DiskError):
    """It has no room for etcd to start."""


def require_room(node: Node, volume: SlotVolume) -> None:
    """Refuse a volume on which etcd could not even start.

    Raises:
        FullError: it is full.
        DiskError: it does not accept writes.

    """
    found = DiskProbe(node).look()
    while found.has_no_room and member_data.drop_copy(node):
        warning(f"deleted a copy of data that are not in use: {volume} needs the space")
        found = DiskProbe(node).look()
    if found.trouble:
        raise DiskError(f"{volume} cannot be used: {found.trouble}. See its status checks, and `dmesg`")
    if found.has_no_room and found.space is not None:
        raise FullError(
            f"{volume} is full: {found.space.free_bytes >> 20} of {found.space.total_bytes >> 20} MiB are "
            "free. Deploy with a larger masters.etcd_volume.size_gib, or delete what does not belong there"
        )


class DiskProbe:
    """Probes the volume, and is never blocked by it for long."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._answers: SimpleQueue[Disk] = SimpleQueue()
        self._asked = False

    def look(self, *, patience: float = STALLED_SECONDS) -> Disk:
        """Write to the volume and measure its space; while one probe is pending no second one is started.

        Args:
            patience: how many seconds it may take.

        """
        if not self._asked:
            self._asked = True
            Thread(target=self._ask, daemon=True).start()
        try:
            answer = self._answers.get(timeout=patience)
        except Empty:
            return Disk(trouble=f"a small write to it has not ended within {patience:.0f} s")
        self._asked = False
        return answer

    def _ask(self) -> None:
        self._answers.put(_probe(self._node))


def _probe(node: Node) -> Disk:
    if not node.host.is_mount_point(MOUNT_POINT):
        return Disk(trouble=_TROUBLE[errno.ENOENT])
    space = None
    try:
        space = node.host.space(MOUNT_POINT)
        _write(node.host.path(_PROBE))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return Disk(space=space, trouble=_TROUBLE.get(error.errno or 0, str(error)))
        space = None if space is None else Space(total_bytes=space.total_bytes, free_bytes=0)
    return Disk(space=space)


def _write(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())
