"""Process groups that can be found again, and ended, by another run of this program.

A process id alone is not enough for that: it may belong to another process by
then. Together with the start time of the process it names one process for good.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple, Self

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self/stat").exists()
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessRecord:
    """Identifies one process; kept in a file by those who must find it again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self:
        """The record of a running process; ProcessLookupError if there is none."""
        started = start_time(pid)
        if started is None:
            raise ProcessLookupError(f"process {pid} ended at once")
        return cls(pid=pid, started=started)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The record in a file, None if there is none that can be read."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def __str__(self) -> str:
        """The record in one word, for the option or variable of another program; see `emulator.owner`."""
        return f"{self.pid}/{self.started}"

    def write(self, path: Path) -> None:
        """Keep the record in a file."""
        replace_file(path, json.dumps(asdict(self)))

    def is_running(self) -> bool:
        """Whether this very process still runs."""
        return start_time(self.pid) == self.started

    def end_group(self, *, grace_seconds: float) -> bool:
        """End the process and its group if it still runs; whether it did."""
        running = self.is_running()
        if running:
            end_group(self.pid, grace_seconds=grace_seconds)
        return running


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


def start_time(pid: int) -> str | None:
    """When the process started, as a text that no other process with this id has; None if it is gone."""
    if _HAS_PROC:
        stat = _stat(pid)
        return f"{_boot_id()}/{stat.start_ticks}" if stat is not None else None
    ps = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip() or None


def end_group(pgid: int, *, grace_seconds: float, reap: Callable[[], object] = lambda: None) -> None:
    """SIGTERM to the group, SIGKILL to what is left of it after the grace.

    `reap` is called while waiting: a parent collects its dead child there.
    """
    for sign, patience_seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 2.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pgid, sign)
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            reap()
            if not _alive(pgid):
                return
            time.sleep(_POLL_SECONDS)


def end_strays(folder: Path) -> None:
    """SIGKILL to processes that left their group but have this folder as HOME.

    Linux only, which shows the environment of a process in a file.
    """
    for pid in with_variable("HOME", os.fsencode(folder)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def with_variable(name: str, value: bytes) -> Iterator[int]:
    """The processes that were started with this variable in their environment.

    Linux only, as above; a process that has only been forked shows the environment of its parent's start.
    """
    if not _HAS_PROC:
        return
    mark = name.encode() + b"=" + value
    for pid in _pids():
        with contextlib.suppress(OSError):
            if mark in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                yield pid


def _alive(pgid: int) -> bool:
    try:
        os.killpg(pgid, 0)
    except (ProcessLookupError, PermissionError):
        # macOS says "not permitted" of a group in which only dead processes are left.
        return False
    # The first process of some containers collects dead orphans late: those do not count.
    return not _HAS_PROC or any(stat.group == pgid for stat in map(_stat, _pids()) if stat is not None)


class _Stat(NamedTuple):
    group: int
    start_ticks: str


def _stat(pid: int) -> _Stat | None:
    """What /proc says of a process; None if it is gone, or dead and not yet collected."""
    try:
        # The fields after the program's name, which may itself hold spaces and brackets; see proc(5).
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else _Stat(group=int(fields[2]), start_ticks=fields[19])


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _boot_id() -> str:
    # Start times count from the boot of the machine: those of another boot are other times.
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
