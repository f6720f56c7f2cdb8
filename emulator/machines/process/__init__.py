"""Instances as plain processes: no root, no containers, Linux and macOS.

An instance is one process group in a folder of its own; its user-data really
runs, and really uses IMDS and the API. What such a machine
is not: its private address is a name only (it shares the host's network), its
volumes are small files that say what is attached (there is no block device),
and after a reboot nothing starts by itself (there is no service manager).
"""

from emulator.machines.process.leftovers import StateInUseError, remove_leftovers
from emulator.machines.process.machines import ProcessMachines

__all__ = ["ProcessMachines", "StateInUseError", "remove_leftovers"]
