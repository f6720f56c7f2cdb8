"""File systems that a machine has mounted from a device, and cutting their power."""

import fcntl
import os
import re
import struct
from pathlib import Path

_FS_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
"""FS_SHUTDOWN_FLAGS_NOLOGFLUSH: the journal is not written out either; linux/fs.h, ext4 and xfs have it."""


def mount_points(device_number: int, *, process: int) -> list[Path]:
    """Where the machine of a process has a device mounted, as paths that lead there from outside."""
    wanted = f"{os.major(device_number)}:{os.minor(device_number)}"
    found = []
    try:
        lines = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        fields = line.split(" ")
        if fields[2] == wanted:
            point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
            found.append(Path(f"/proc/{process}/root") / point.lstrip("/"))
    return found


def cut_power(mount_point: Path) -> None:
    """Make a file system forget what is not on its device yet; every access fails from then on.

    Raises:
        OSError: the file system does not support it.
    """
    descriptor = os.open(mount_point, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _FS_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
    finally:
        os.close(descriptor)
