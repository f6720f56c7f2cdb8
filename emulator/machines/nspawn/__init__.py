"""Instances as systemd-nspawn machines: Debian, systemd and cloud-init run the real user-data. Linux, root.

From the outside in: `machines` is what the emulated EC2 calls, `networks` and
`vpc` are what the machines share, `machine` is one of them. `leftovers` finds
and removes what a crash left.
"""

from emulator.machines.nspawn.availability import HOST_PROGRAMS, unavailable_reason
from emulator.machines.nspawn.guest import entering
from emulator.machines.nspawn.host_ports import read_host_ports
from emulator.machines.nspawn.image import API_URL, Folder, ImageError, MachineImage, MachineImages
from emulator.machines.nspawn.leftovers import remove_leftovers
from emulator.machines.nspawn.machines import NspawnMachines

__all__ = [
    "API_URL",
    "HOST_PROGRAMS",
    "Folder",
    "ImageError",
    "MachineImage",
    "MachineImages",
    "NspawnMachines",
    "entering",
    "read_host_ports",
    "remove_leftovers",
    "unavailable_reason",
]
