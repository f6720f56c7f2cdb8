"""The process for which another one runs, and with which that one ends.

On Linux the kernel says when it has ended; elsewhere it is looked at every second. See
https://man7.org/linux/man-pages/man2/pidfd_open.2.html.
"""

import os
import select
import sys
import time
from typing import Self

from emulator.processes import ProcessRecord

_POLL_SECONDS = 1.0


class OwnerError(ValueError):
    """It cannot be an owner: no such process runs."""


class Owner:
    """A process whose end can be waited for, and which is never mistaken for a later one with its id."""

    def __init__(self, record: ProcessRecord, pidfd: int | None) -> None:
        self._record = record
        self._pidfd = pidfd

    @classmethod
    def of(cls, text: str) -> Self:
        """A process that runs.

        Args:
            text: its id; or a whole `ProcessRecord`, which is not mistaken for a later process even if the
                one that is meant has ended before this call.

        Raises:
            OwnerError: no such process runs; says what to do.

        """
        pid, _, started = text.partition("/")
        if not (pid.isascii() and pid.isdigit()):
            raise OwnerError(f"{text!r} is not the id of a process: give a number")
        # Opened before the start time is read: from here on it is this one process.
        pidfd = _open(int(pid))
        try:
            record = ProcessRecord.of(int(pid))
        except ProcessLookupError:
            record = None
        if record is None or (started and record.started != started):
            if pidfd is not None:
                os.close(pidfd)
            raise OwnerError(f"process {pid} has ended already, or never ran: give the id of one that runs")
        return cls(record, pidfd)

    def wait(self) -> None:
        """Return when it has ended."""
        if self._pidfd is not None:
            select.select([self._pidfd], [], [])
        while self._record.is_running():
            time.sleep(_POLL_SECONDS)


def _open(pid: int) -> int | None:
    """A file descriptor that becomes readable when the process ends; None where there is none to be had."""
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except (OSError, OverflowError):
        return None
