"""Clocks of instances that differ from AWS's: their signatures are too old, or not good yet."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.api import patches
from emulator.api.faults.callers import caller_of
from emulator.api.faults.switches import Switches

KIND = "clock"

_TIME_FAILURE = patches.declare(
    "ministack.core.sigv4",
    "request_time_failure",
    parameters=("signature", "now"),
    why="an instance whose clock is off is refused with what its service says then",
)


def install(switches: Switches) -> None:
    """Let the time at which a request is judged depend on who sent it."""
    original = _TIME_FAILURE.get()
    _TIME_FAILURE.replace(_judging_by_switch(original, switches))


def add(switches: Switches, *, instance_id: str, seconds: float) -> str:
    """Let AWS be so many seconds ahead of an instance; its id as a switch."""
    return switches.add(KIND, {"instance_id": instance_id, "seconds": seconds})


def ahead_seconds(switches: Switches, instance_id: str | None) -> float:
    """By how much AWS is ahead of an instance; 0 if the two agree."""
    return sum(
        float(entry.about["seconds"])
        for entry in switches.all()
        if entry.kind == KIND and instance_id is not None and entry.about["instance_id"] == instance_id
    )


def _judging_by_switch(original: Callable[..., Any], switches: Switches) -> Callable[..., Any]:
    def request_time_failure(signature: Any, *, now: datetime | None = None) -> Any:
        if switches.has(KIND):
            seconds = ahead_seconds(switches, caller_of(signature.access_key_id).instance_id)
            now = (now or datetime.now(UTC)) + timedelta(seconds=seconds)
        return original(signature, now=now)

    return request_time_failure
