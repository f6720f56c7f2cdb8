"""When a machine was launched: more exactly than EC2's LaunchTime, which has whole seconds."""

from pathlib import Path


def launch_time(machines_state: Path, instance_id: str) -> float:
    """The moment at which the machine's disk was created, in seconds of `time.time()`.

    Raises:
        FileNotFoundError: there is no such machine.
    """
    # The folder gets its only entry then, and never another.
    return _folder(machines_state, instance_id).stat().st_mtime


def first_launch(machines_state: Path) -> float | None:
    """When the first machine of an embedded AWS was launched; None if none was."""
    # Here, and not above: what it needs exists on Linux only.
    from emulator.machines.nspawn.layout import StateFolder

    instances = StateFolder(machines_state).instances
    times = []
    for path in instances.iterdir() if instances.exists() else []:
        try:
            times.append(launch_time(machines_state, path.name))
        except FileNotFoundError:
            continue
    return min(times, default=None)


def _folder(machines_state: Path, instance_id: str) -> Path:
    from emulator.machines.nspawn.layout import StateFolder

    return StateFolder(machines_state).machine(instance_id).binds
