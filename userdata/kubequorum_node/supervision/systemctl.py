"""systemd on a host: unit files, and units by their names."""

from kubequorum_node.host import Host

_FOLDER = "/etc/systemd/system"


def install(host: Host, files: dict[str, str]) -> None:
    """Put unit files and drop-ins in place, by their paths below /etc/systemd/system. Nothing is started."""
    changed = [name for name, text in files.items() if host.write(f"{_FOLDER}/{name}", text)]
    if changed:
        host.run("systemctl", "daemon-reload")


def enable(host: Host, *units: str) -> None:
    """Start units whenever the host starts."""
    host.run("systemctl", "enable", *units)


def enable_now(host: Host, *units: str) -> None:
    """Start units now and whenever the host starts."""
    host.run("systemctl", "enable", "--now", *units)


def start(host: Host, unit: str) -> None:
    """Start a unit that does not run."""
    host.run("systemctl", "start", unit)


def restart(host: Host, unit: str) -> None:
    """Start a unit, after stopping it if it runs."""
    host.run("systemctl", "restart", unit)


def reload_or_restart(host: Host, unit: str) -> None:
    """Let a unit read its settings again, or start it."""
    host.run("systemctl", "reload-or-restart", unit)


def stop(host: Host, *units: str, timeout: float = 120) -> None:
    """Stop units that run."""
    host.run("systemctl", "stop", *units, timeout=timeout)


def power_off(host: Host) -> None:
    """Begin to shut the host down; returns at once."""
    host.run("systemctl", "--no-block", "poweroff")


def is_active(host: Host, unit: str) -> bool:
    """Whether a unit runs."""
    return host.run("systemctl", "is-active", "--quiet", unit, check=False).returncode == 0
