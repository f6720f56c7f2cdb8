"""The inside of a running machine: its first process, and commands run beside it."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FIRST_PROCESS_PATIENCE_SECONDS = 30.0
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


def entering(pid: int, command: Sequence[str], **environment: str) -> list[str]:
    """The command line that runs a command in a machine as its root.

    Args:
        pid: the machine's first process.
        command: what runs there.
        environment: variables beside those that a root has.

    """
    variables = [f"{name}={value}" for name, value in {**_ENVIRONMENT, **environment}.items()]
    # Without a path: the working folder of the first process, which is / there.
    return ["nsenter", f"--target={pid}", "--all", "--wd", "--", "env", "-i", *variables, *command]


@dataclass(frozen=True)
class Guest:
    """A machine that runs."""

    pid: int
    """Its first process, as the host counts."""

    def run(
        self, command: Sequence[str], *, timeout_seconds: float, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as the machine's root and return how it ended.

        Raises:
            subprocess.TimeoutExpired: it took too long; it was killed.
        """
        return subprocess.run(
            entering(self.pid, command),
            input=stdin,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )


def guest_of(process: subprocess.Popen[bytes]) -> Guest:
    """Wait until systemd-nspawn has made the machine and handed over to its first process.

    Raises:
        RuntimeError: it ended before that, or took half a minute. The console output has the reason.
    """
    deadline = time.monotonic() + _FIRST_PROCESS_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(
                f"systemd-nspawn ended with status {process.returncode} before the machine started"
            )
        for pid in _children(process.pid):
            # Before the hand-over this is a part of systemd-nspawn itself, with /dev still unfinished.
            if _name(pid) == "systemd":
                return Guest(pid)
        time.sleep(0.01)
    raise RuntimeError(f"systemd-nspawn started no machine within {_FIRST_PROCESS_PATIENCE_SECONDS:.0f} s")


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
