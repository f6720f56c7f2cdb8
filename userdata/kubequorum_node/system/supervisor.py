"""Starts the long-running parts of the node program: as systemd units, or as plain processes."""

import os
import subprocess
import sys
from pathlib import Path

from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host

_PROGRAM = Path(__file__).resolve().parents[2]
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


def install(host: Host) -> None:
    """Put all unit files in place. Nothing is started: what runs on a machine never gets another program."""
    changed = [
        unit.name
        for unit in sorted(_UNITS.iterdir())
        if host.write(f"{_SYSTEMD}/{unit.name}", unit.read_text(encoding="utf-8"))
    ]
    if changed:
        host.run("systemctl", "daemon-reload")


def start(host: Host, *units: str) -> None:
    """Start units, now and whenever the machine starts."""
    install(host)
    host.run("systemctl", "enable", "--now", *units)


def enable(host: Host, *units: str) -> None:
    """Start units whenever the machine starts."""
    install(host)
    host.run("systemctl", "enable", *units)


def is_active(host: Host, unit: str) -> bool:
    """Whether a unit runs."""
    return host.run("systemctl", "is-active", "--quiet", unit, check=False).returncode == 0
