"""Fault injection into a running emulator: what AWS does not offer its administrator.

`table` declares every fault; `client` injects them from another process, over the
Unix socket of `channel`. `store` and `kill_at_line` are the emulator's side: which faults
are active, asked at the places where they have their effect.
"""

from emulator.faults.client import FaultClient
from emulator.faults.declaration import FAULTS, REQUIRED, Argument, Fault, FaultId
from emulator.faults.errors import EmulatorNotRunningError, FaultError, TimedOutError, UnknownTargetError
from emulator.faults.model import ActiveFault, ApiRule, CommandResult, Machine, Network

__all__ = [
    "FAULTS",
    "REQUIRED",
    "ActiveFault",
    "ApiRule",
    "Argument",
    "CommandResult",
    "EmulatorNotRunningError",
    "Fault",
    "FaultClient",
    "FaultError",
    "FaultId",
    "Machine",
    "Network",
    "TimedOutError",
    "UnknownTargetError",
]
