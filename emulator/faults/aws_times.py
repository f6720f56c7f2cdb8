"""The times in effect: those with which the emulator was started, or those of the fault `aws_times`."""

from dataclasses import dataclass

from emulator import times
from emulator.faults.declaration import FaultId
from emulator.faults.store import ActiveFaults
from emulator.times import Times

KIND = "aws_times"


@dataclass(frozen=True, kw_only=True)
class TimesInEffect:
    """Asked whenever something takes time; what has begun by then keeps the time that it had."""

    active_faults: ActiveFaults
    at_start: Times

    def __call__(self) -> Times:
        """The newest that is active counts."""
        factors = [entry.about["factor"] for entry in self.active_faults.all() if entry.kind == KIND]
        return times.profile("aws", factor=factors[-1]) if factors else self.at_start


def add(active_faults: ActiveFaults, *, factor: float) -> FaultId:
    """Take the times of AWS from now on, shortened or stretched; the id of the fault."""
    return active_faults.add(KIND, {"factor": factor})
