"""Programs of this machine that the work needs: found, or installed with apt-get when root runs it."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from lab.artifacts.errors import MissingToolError
from lab.artifacts.progress import Event, Progress


def require_commands(packages: Mapping[str, tuple[str, ...]], *, progress: Progress) -> None:
    """Make sure that commands are there.

    Args:
        packages: a command, or a file's absolute path → the Debian packages that bring it.
        progress: is told before anything is installed.

    Raises:
        MissingToolError: something is missing and cannot be installed from here.
    """
    missing = {command: names for command, names in packages.items() if not _is_there(command)}
    if not missing:
        return
    names = sorted({name for group in missing.values() for name in group})
    by_hand = f"Install it by hand: apt-get install --no-install-recommends {' '.join(names)}"
    lacking = f"this machine lacks {', '.join(missing)}"
    if os.geteuid() != 0:
        raise MissingToolError(f"{lacking}, and only root may install packages. {by_hand}")
    if shutil.which("apt-get") is None:
        raise MissingToolError(f"{lacking}, and it has no apt-get. Install what brings them, then try again.")
    progress(Event(what="packages", message=f"{lacking}: installing {', '.join(names)} with apt-get"))
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    result = _apt(install)
    if result.returncode != 0:
        # The usual reason on a fresh machine: its lists of packages are old or empty.
        _apt(["apt-get", "update"])
        result = _apt(install)
    still_missing = [command for command in missing if not _is_there(command)]
    if still_missing:
        raise MissingToolError(
            f"{lacking}, and apt-get did not bring {', '.join(still_missing)}: "
            f"{result.stderr.strip()[-500:]} {by_hand}"
        )


def _is_there(command: str) -> bool:
    return os.path.exists(command) if command.startswith("/") else shutil.which(command) is not None


def _apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
