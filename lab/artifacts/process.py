"""Runs a long program: output in a log file, a periodic heartbeat, no process left behind."""

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
    """The resources that a program used."""

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
    """Run a program to its end; `heartbeat` receives the elapsed seconds every 15 seconds.

    Raises:
        BuildError: it failed; with the end of its output and the path of the rest.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            # The kernel kills it when this process is killed.
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
            # The whole session is killed, or compilers would keep running after Ctrl-C.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    seconds = time.monotonic() - began
    if process.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        raise BuildError(
            f"`{' '.join(command)}` failed with status {process.returncode} after {seconds:.0f} s. "
            f"Its output is in {log}; the end of it:\n  " + "\n  ".join(lines)
        )
    return Usage(seconds=seconds, peak_process_bytes=peak)


def _wait(process: subprocess.Popen[bytes], *, began: float, heartbeat: Callable[[float], None]) -> int:
    """Wait for the end with wait4, which reports the memory of this child and its descendants alone."""
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
