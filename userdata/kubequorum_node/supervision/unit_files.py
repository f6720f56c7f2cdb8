"""Unit files: those in userdata/units, and those of periodic services, which are all alike."""

from pathlib import Path

from kubequorum_node.supervision.unit import Unit

PROGRAM = "/usr/local/bin/kubequorum-node"
"""files/kubequorum-node, which user-data installs."""
KUBELET = "kubelet.service"
FOLDER = Path(__file__).resolve().parents[2] / "units"


def of(unit: Unit) -> dict[str, str]:
    """The unit files of a service, by their names; its own comes first."""
    if unit.timer is None:
        return {f"{unit.name}.service": read(f"{unit.name}.service")}
    return {f"{unit.name}.timer": _timer(unit), f"{unit.name}.service": _one_run(unit)}


def read(name: str) -> str:
    """A file of userdata/units."""
    return (FOLDER / name).read_text(encoding="utf-8")


def _timer(unit: Unit) -> str:
    lines = "".join(f"{key}={value}\n" for key, value in (unit.timer or {}).items())
    return (
        f"[Unit]\nDescription=Kubequorum: when to {unit.description}\n\n"
        f"[Timer]\n{lines}\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _one_run(unit: Unit) -> str:
    retry = "" if unit.retry_seconds is None else f"Restart=on-failure\nRestartSec={unit.retry_seconds}\n"
    return (
        f"[Unit]\nDescription=Kubequorum: {unit.description}\n\n"
        f"[Service]\nType=oneshot\nTimeoutStartSec={unit.timeout}\n"
        f"ExecStart={PROGRAM} {unit.command}\n{retry}"
    )
