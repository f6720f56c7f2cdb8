"""Breaking things in a running embedded AWS, from another process: what its administrator may not do on AWS.

`client` is what tests and the command line use, made of `machines`, `volumes` and
`aws`; `rules` is what they say with it, `channel` is the Unix socket that leads to
the emulator's process. What the words do there stands in `emulator/api/faults` and in
the machines.
"""

from emulator.faults.client import Breaks
from emulator.faults.errors import BreakError, EmulatorNotRunningError, TimedOutError, UnknownTargetError
from emulator.faults.rules import ApiRule, CommandResult, Machine, Network, Switch

__all__ = [
    "ApiRule",
    "BreakError",
    "Breaks",
    "CommandResult",
    "EmulatorNotRunningError",
    "Machine",
    "Network",
    "Switch",
    "TimedOutError",
    "UnknownTargetError",
]
