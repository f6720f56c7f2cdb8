"""Faults of the data of volumes: wiped, overwritten, altered, no space left."""

import contextlib
import errno
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from emulator.machines.nspawn import filesystems, loop_devices
from emulator.machines.nspawn.commands import run
from emulator.machines.nspawn.ebs import Volumes
from emulator.machines.nspawn.layout import StateFolder

_FILL = "faults.fill"
_BLOCK_BYTES = 4096


class VolumeInUseError(RuntimeError):
    """The volume is attached to a machine that is on."""


class VolumeFaults:
    """Of the volumes of a state folder. Methods raise LookupError for a volume that no machine ever had."""

    def __init__(
        self, *, state: StateFolder, volumes: Volumes, process_of: Callable[[str], int | None]
    ) -> None:
        """`process_of` returns the first process of an instance's machine, None while that is off."""
        self._state = state
        self._volumes = volumes
        self._process_of = process_of

    def wipe(self, volume_id: str) -> None:
        """Make it blank; VolumeInUseError while it is attached to a machine that is on."""
        with self._idle_device(volume_id) as device:
            run("blkdiscard", "--force", str(device))

    def corrupt(self, volume_id: str, pattern: str, *, at: float, length_bytes: int, seed: int) -> str:
        """Overwrite a part of the file that was written last of those that fit a glob; its path there.

        Raises:
            VolumeInUseError: it is attached to a machine that is on.
            LookupError: no file fits.
        """
        with self._idle_device(volume_id) as device, _mounted(device) as folder:
            files = [path for path in folder.glob(pattern) if path.is_file()]
            if not files:
                raise LookupError(f"{volume_id} has no file {pattern}")
            file = max(files, key=lambda path: path.stat().st_mtime_ns)
            content = file.read_bytes()
            used = len(content.rstrip(b"\0"))
            length = min(length_bytes, used)
            begin = min(int(at * used), used - length)
            _write(file, begin, random.Random(seed).randbytes(length))
            return str(file.relative_to(folder))

    def alter(self, volume_id: str, pattern: str, *, old: str, new: str) -> str:
        """Put another text of the same length into a file, wherever it has the old one; the file's path.

        Raises:
            VolumeInUseError: it is attached to a machine that is on.
            LookupError: no file fits, or none of those has the old text.
            ValueError: the texts are not of the same length.
        """
        if len(old.encode()) != len(new.encode()):
            raise ValueError(f"'{new}' is not as long as '{old}': the data behind it would move")
        with self._idle_device(volume_id) as device, _mounted(device) as folder:
            for file in folder.glob(pattern):
                content = file.read_bytes()
                if old.encode() in content:
                    _write(file, 0, content.replace(old.encode(), new.encode()))
                    return str(file.relative_to(folder))
        raise LookupError(f"no file {pattern} of {volume_id} has '{old}' in it")

    def fill(self, volume_id: str, *, leave_bytes: int) -> int:
        """Take its free space with one file; how many bytes."""
        file = self._mount_point(volume_id) / _FILL
        with file.open("ab") as opened:
            begin = size = opened.tell()
            step = _free_bytes(opened.fileno(), leave_bytes)
            # The file system's own needs are unknown: try smaller and smaller pieces until none fits.
            while step > 0:
                try:
                    os.posix_fallocate(opened.fileno(), size, step)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    os.ftruncate(opened.fileno(), size)
                    step = _whole_blocks(step // 2)
                else:
                    size += step
                    step = min(step, _free_bytes(opened.fileno(), leave_bytes))
            os.fsync(opened.fileno())
        return size - begin

    def unfill(self, volume_id: str) -> None:
        """Give it back."""
        (self._mount_point(volume_id) / _FILL).unlink(missing_ok=True)

    def _mount_point(self, volume_id: str) -> Path:
        holder = self._volumes.holder(volume_id)
        process = self._process_of(holder[0]) if holder else None
        if holder is None or process is None:
            raise LookupError(f"{volume_id} is attached to no machine that is on")
        number = loop_devices.number_of(holder[1].loop)
        points = filesystems.mount_points(number, process=process)
        if not points:
            raise LookupError(f"{volume_id} is not mounted on {holder[0]}")
        return points[0]

    @contextlib.contextmanager
    def _idle_device(self, volume_id: str) -> Iterator[Path]:
        file = self._state.volume(volume_id)
        holder = self._volumes.holder(volume_id)
        if holder is not None:
            if self._process_of(holder[0]) is not None:
                raise VolumeInUseError(
                    f"{volume_id} is attached to {holder[0]}, which is on: "
                    "switch the machine off (power_loss) or detach the volume first"
                )
            yield holder[1].loop
            return
        if not file.exists():
            raise LookupError(f"{volume_id} has no data: no machine has had it yet")
        device = loop_devices.attach(file)
        try:
            yield device
        finally:
            loop_devices.detach(device)


@contextlib.contextmanager
def _mounted(device: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="volume-") as folder:
        run("mount", str(device), folder)
        try:
            yield Path(folder)
        finally:
            run("umount", folder)


def _write(file: Path, begin: int, content: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(begin)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _free_bytes(descriptor: int, leave_bytes: int) -> int:
    """Free to root, less what must stay free, in whole blocks."""
    state = os.fstatvfs(descriptor)
    return _whole_blocks(max(0, state.f_bfree * state.f_frsize - leave_bytes))


def _whole_blocks(size_bytes: int) -> int:
    return size_bytes - size_bytes % _BLOCK_BYTES
