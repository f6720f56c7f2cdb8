"""Programs of this computer that the work needs: found, or installed with apt-get if root runs it."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from lab.artifacts.errors import MissingToolError
from lab.artifacts.progress import Event, Progress


def require_commands(packages: Mapping[str, tuple[str, ...]], *, progress: Progress) -> None:
    """Ensure that commands are installed.

    Args:
        packages: a command, or a file's absolute path → the Debian packages that contain it.
        progress: receives an event before anything is installed.

    Raises:
        MissingToolError: something is missing and cannot be installed.
    """
    missing = {command: names for command, names in packages.items() if not _is_there(command)}
    if not missing:
        return
    names = sorted({name for group in missing.values() for name in group})
    manually = f"Install it: apt-get install --no-install-recommends {' '.join(names)}"
    lacking = f"this computer lacks {', '.join(missing)}"
    if os.geteuid() != 0:
        raise MissingToolError(f"{lacking}, and only root may install packages. {manually}")
    if shutil.which("apt-get") is None:
        raise MissingToolError(f"{lacking}, and it has no apt-get. Install them, then try again.")
    progress(Event(what="packages", message=f"{lacking}: installing {', '.join(names)} with apt-get"))
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    result = _apt(install)
    if result.returncode != 0:
        # The usual reason on a new computer: its package lists are old or empty.
        _apt(["apt-get", "update"])
        result = _apt(install)
    still_missing = [command for command in missing if not _is_there(command)]
    if still_missing:
        raise MissingToolError(
            f"{lacking}, and apt-get did not install {', '.join(still_missing)}: "
            f"{result.stderr.strip()[-500:]} {manually}"
        )


def _is_there(command: str) -> bool:
    return os.path.exists(command) if command.startswith("/") else shutil.which(command) is not None


def _apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
