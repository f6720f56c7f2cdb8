"""Starts the long-running parts of the node program: as systemd units, or as plain processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_UNITS = Path(__file__).resolve().parent.parent / "units"
_SYSTEMD = Path("/etc/systemd/system")


def start(unit: str, command: str) -> None:
    """Start a part of the node program and let it run on.

    KUBEQUORUM_SUPERVISOR=process (set by machines that are plain processes)
    starts `kubequorum_node <command>` in this process's group; otherwise the
    unit file of that name is installed, enabled and started.
    """
    if os.environ.get("KUBEQUORUM_SUPERVISOR") == "process":
        subprocess.Popen([sys.executable, str(_UNITS.parent), command], stdin=subprocess.DEVNULL)
        return
    shutil.copyfile(_UNITS / unit, _SYSTEMD / unit)
    subprocess.run(["systemctl", "daemon-reload"], check=True)
    subprocess.run(["systemctl", "enable", "--now", unit], check=True)
