"""Clocks of instances that differ from AWS's: their signatures are too old, or not valid yet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.api import patches
from emulator.api.request_faults.callers import caller_of
from emulator.faults.declaration import FaultId
from emulator.faults.store import ActiveFaults

KIND = "clock"

_TIME_FAILURE = patches.declare(
    "ministack.core.sigv4",
    "request_time_failure",
    parameters=("signature", "now"),
    why="an instance whose clock is off is refused with what its service says then",
)


def install(active_faults: ActiveFaults) -> None:
    """Let the time at which a request is judged depend on who sent it."""
    original = _TIME_FAILURE.get()
    _TIME_FAILURE.replace(_judging_by_fault(original, active_faults))


def add(active_faults: ActiveFaults, *, instance_id: str, seconds: float) -> FaultId:
    """Let AWS be so many seconds ahead of an instance; the id of the fault."""
    return active_faults.add(KIND, {"instance_id": instance_id, "seconds": seconds})


def ahead_seconds(active_faults: ActiveFaults, instance_id: str | None) -> float:
    """By how much AWS is ahead of an instance; 0 if the two agree."""
    return sum(
        float(entry.about["seconds"])
        for entry in active_faults.all()
        if entry.kind == KIND and instance_id is not None and entry.about["instance_id"] == instance_id
    )


def _judging_by_fault(original: Callable[..., Any], active_faults: ActiveFaults) -> Callable[..., Any]:
    def request_time_failure(signature: Any, *, now: datetime | None = None) -> Any:
        if active_faults.has(KIND):
            seconds = ahead_seconds(active_faults, caller_of(signature.access_key_id).instance_id)
            now = (now or datetime.now(UTC)) + timedelta(seconds=seconds)
        return original(signature, now=now)

    return request_time_failure
