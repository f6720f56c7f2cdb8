"""Loop devices: files that the kernel shows as block devices."""

import contextlib
import errno
import os
import time
from pathlib import Path

from emulator.machines.nspawn.commands import CommandFailedError, run

_RELEASE_PATIENCE_SECONDS = 5.0


def attach(file: Path) -> Path:
    """Show a file as a block device that is not in use, and return the device.

    Raises:
        CommandFailedError: there is no free device, or no such file.
    """
    # With direct I/O what the machine reads is not copied through this computer's page cache first, which
    # takes five times as long. Not every file system can do it.
    try:
        return _attach(file, direct="on")
    except CommandFailedError:
        return _attach(file, direct="off")


def _attach(file: Path, *, direct: str) -> Path:
    return Path(run("losetup", "--find", "--show", f"--direct-io={direct}", str(file)).strip())


def detach(device: Path) -> bool:
    """Release a device; whether it is free on return.

    The kernel unmounts what dead processes had mounted a moment after their end, so there is some patience. A
    device that is still in use then goes when its last user does.
    """
    release(device)
    backing = Path("/sys/block") / device.name / "loop/backing_file"
    deadline = time.monotonic() + _RELEASE_PATIENCE_SECONDS
    while backing.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def release(device: Path) -> None:
    """Release a device when its last user does; does not wait for that."""
    with contextlib.suppress(CommandFailedError):
        run("losetup", "--detach", str(device))


def in_use(device: Path) -> bool:
    """Whether a file system of the device is mounted anywhere, in whatever namespace."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        if error.errno == errno.EBUSY:
            return True
        if error.errno in (errno.ENOENT, errno.ENXIO):
            return False
        raise
    return False


def devices_below(folder: Path) -> list[Path]:
    """The devices whose files are, or were until they were removed, below a folder."""
    found = []
    for entry in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):
            backing = Path(entry.read_text().strip().removesuffix(" (deleted)"))
            if folder in backing.parents:
                found.append(Path("/dev") / entry.parts[3])
    return found


def number_of(device: Path) -> int:
    """The device number, as `os.mknod` takes it."""
    return device.stat().st_rdev
