"""When a machine was launched: more exactly than EC2's LaunchTime, which has whole seconds."""

from pathlib import Path

from lab.settings import Settings


def launch_time(settings: Settings, instance_id: str) -> float:
    """The moment at which the machine's disk was begun, in seconds of `time.time()`.

    Raises:
        FileNotFoundError: there is no such machine.
    """
    # The folder gets its only entry then, and never another.
    return _folder(settings, instance_id).stat().st_mtime


def first_launch(settings: Settings) -> float | None:
    """When the first machine of an embedded AWS was launched; None if none was."""
    # Here, and not above: what it needs exists on Linux only.
    from emulator.machines.nspawn.layout import StateFolder

    instances = StateFolder(settings.machines_state).instances
    times = []
    for path in instances.iterdir() if instances.exists() else []:
        try:
            times.append(launch_time(settings, path.name))
        except FileNotFoundError:
            continue
    return min(times, default=None)


def _folder(settings: Settings, instance_id: str) -> Path:
    from emulator.machines.nspawn.layout import StateFolder

    return StateFolder(settings.machines_state).machine(instance_id).binds
