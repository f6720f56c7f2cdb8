"""Starts the long-running parts of the node program: as systemd units, or as plain processes."""

import os
import subprocess
import sys
from pathlib import Path

from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host

_PROGRAM = Path(__file__).resolve().parent.parent
_UNITS = _PROGRAM / "units"
_SYSTEMD = "/etc/systemd/system"


def runs_processes() -> bool:
    """Whether this machine is a plain process, without root and without systemd of its own.

    Machines of that kind say so: KUBEQUORUM_SUPERVISOR=process.
    """
    return os.environ.get("KUBEQUORUM_SUPERVISOR") == "process"


def start_process(command: str) -> None:
    """Start a part of the node program in this process's group and let it run on."""
    subprocess.Popen([sys.executable, str(_PROGRAM), command], stdin=subprocess.DEVNULL)


def require_systemd(host: Host) -> None:
    """Refuse a machine that could run no unit.

    Raises:
        NodeError: systemd does not run here, or this is not root.

    """
    if not host.path("/run/systemd/system").is_dir():
        raise NodeError(
            "systemd does not run here: use an image with systemd, or set KUBEQUORUM_SUPERVISOR=process in "
            "/etc/default/kubequorum for a machine that only says that it is there"
        )
    if os.geteuid() != 0:
        raise NodeError("only root can boot a machine: run this with sudo")


def install(host: Host, unit: str) -> bool:
    """Put a unit file in place; says whether it is another than before. Nothing is started."""
    text = (_UNITS / unit).read_text(encoding="utf-8")
    changed = host.write(f"{_SYSTEMD}/{unit}", text)
    if changed:
        host.run("systemctl", "daemon-reload")
    return changed


def start(host: Host, unit: str) -> None:
    """Install, enable and start a unit; one that runs with an older file is started anew."""
    changed = install(host, unit)
    host.run("systemctl", "enable", unit)
    host.run("systemctl", "restart" if changed else "start", unit)


def enable(host: Host, unit: str) -> None:
    """Install a unit for the next start of the machine."""
    install(host, unit)
    host.run("systemctl", "enable", unit)
