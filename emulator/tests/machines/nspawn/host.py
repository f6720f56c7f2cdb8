"""What of a state folder's machines is on this computer."""

import contextlib
from pathlib import Path

from emulator.machines.namespaces import FOLDER
from emulator.machines.nspawn import cgroups, loop_devices, root
from emulator.machines.nspawn.layout import StateFolder
from emulator.machines.nspawn.naming import Names


def traces(state_dir: Path) -> dict[str, list[str]]:
    """Everything but files that a state folder's machines have or left, by kind."""
    names, volumes = Names.of(state_dir), StateFolder(state_dir).volumes
    found = {
        "mounts": [str(path) for path in root.mounts_below(state_dir)],
        "loop devices": [str(device) for device in loop_devices.devices_below(volumes)],
        "namespaces": [path.name for path in FOLDER.glob("*") if names.is_ours(path.name)],
        "cgroups": [group.name for group in cgroups.ours(names)],
        "processes": _processes(str(state_dir)),
        "folders of systemd-nspawn": root.nspawn_folders(names),
    }
    return {kind: entries for kind, entries in found.items() if entries}


def _processes(mention: str) -> list[str]:
    """Running programs whose command line mentions the folder, but for this one's own kin."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if words[0].endswith("systemd-nspawn") and any(mention in word for word in words):
                found.append(f"{path.parent.name} {words[0]}")
    return found
