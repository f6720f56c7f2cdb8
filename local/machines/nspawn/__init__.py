"""Instances as systemd-nspawn machines: Debian, systemd and cloud-init run the real user-data. Linux, root.

From the outside in: `machines` is what the emulated EC2 calls, `networks` and
`vpc` are what the machines share, `machine` is one of them. `leftovers` finds
and removes what a crash left.
"""

from local.machines.nspawn.availability import HOST_PROGRAMS, unavailable_reason
from local.machines.nspawn.host_ports import read_host_ports
from local.machines.nspawn.image import ImageError, MachineImage
from local.machines.nspawn.leftovers import remove_leftovers
from local.machines.nspawn.machines import NspawnMachines

__all__ = [
    "HOST_PROGRAMS",
    "ImageError",
    "MachineImage",
    "NspawnMachines",
    "read_host_ports",
    "remove_leftovers",
    "unavailable_reason",
]
