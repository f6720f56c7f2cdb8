"""Ownership of a state folder, and removal of what an owner that died left behind."""

import shutil
from pathlib import Path

from emulator.faults import channel
from emulator.machines.nspawn import cgroups, ebs, network, root
from emulator.machines.nspawn.layout import StateFolder
from emulator.machines.nspawn.naming import Names
from emulator.machines.process.layout import StateFolder as LockedFolder
from emulator.machines.process.leftovers import Ownership


def own(state: StateFolder, *, patience_seconds: float = 0.0) -> Ownership:
    """Take the folder, making it if needed; StateInUseError if another process has it for longer."""
    return Ownership(LockedFolder(state.path), patience_seconds=patience_seconds)


def remove_leftovers(state_dir: Path, *, patience_seconds: float = 0.0) -> int:
    """End the machines and remove everything of an emulator that did not shut down gracefully.

    Returns how many machines there were. On a computer that never had machines this does nothing, and needs
    no rights. StateInUseError if the emulator still runs after `patience_seconds`.
    """
    state = StateFolder(state_dir.absolute())
    if not state.base.exists():
        return 0
    ownership = own(state, patience_seconds=patience_seconds)
    try:
        channel.socket_file(state.path).unlink(missing_ok=True)
        return clear(state)
    finally:
        ownership.release()


def clear(state: StateFolder) -> int:
    """End and remove all machines of a folder that the caller owns; returns how many there were.

    Nothing was written down to find them: names of namespaces and cgroups begin with the folder's tag, mounts
    and loop devices lead into the folder.
    """
    if not state.base.exists():
        return 0
    names = Names.of(state.path)
    left = cgroups.ours(names)
    for cgroup in left:
        cgroup.kill()
    for point in reversed(root.mounts_below(state.path)):
        root.unmount(point)
    ebs.remove_leftovers(state)
    network.remove_leftovers(names)
    for cgroup in left:
        cgroup.remove()
    for name in root.nspawn_folders(names):
        root.remove_nspawn_folder(name)
    machines = sorted(state.instances.glob("*"))
    shutil.rmtree(state.base)
    return len(machines)
