"""Running a long program: its output in a log file, a sign of life now and then, nothing left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.artifacts.errors import BuildError

_HEARTBEAT_SECONDS = 15.0
_TAIL_LINES = 20


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a program took."""

    seconds: float
    peak_process_bytes: int
    """Resident memory of the largest of its processes."""


def run_logged(
    command: Sequence[str],
    *,
    log: Path,
    heartbeat: Callable[[float], None],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    inherit: Sequence[int] = (),
) -> Usage:
    """Run a program to its end; `heartbeat` gets the elapsed seconds every 15 seconds.

    Raises:
        BuildError: it failed; the message holds the end of its output and where the rest is.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            # The kernel ends it when this process is killed and cannot do so itself.
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            pass_fds=inherit,
            start_new_session=True,
        )
        try:
            peak = _wait(process, began=began, heartbeat=heartbeat)
        except BaseException:
            # Its whole session goes, or compilers would run on after Ctrl-C.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    seconds = time.monotonic() - began
    if process.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        raise BuildError(
            f"`{' '.join(command)}` ended with status {process.returncode} after {seconds:.0f} s. "
            f"All it said is in {log}; the end of it:\n  " + "\n  ".join(lines)
        )
    return Usage(seconds=seconds, peak_process_bytes=peak)


def _wait(process: subprocess.Popen[bytes], *, began: float, heartbeat: Callable[[float], None]) -> int:
    """Wait for the end with wait4, which tells the memory of this child and its descendants alone."""
    beat = began + _HEARTBEAT_SECONDS
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_maxrss * 1024
        now = time.monotonic()
        if now >= beat:
            heartbeat(now - began)
            beat = now + _HEARTBEAT_SECONDS
        time.sleep(0.05)
