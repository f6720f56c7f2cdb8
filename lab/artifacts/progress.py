"""How long work says what it is doing."""

import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing worth telling."""

    what: str
    """The artifact at work, e.g. `kubernetes-node`."""
    message: str
    elapsed_seconds: float | None = None
    """Since the work on this artifact began; None where no time is being spent."""
    expected_seconds: float | None = None
    """How long it will take in all, from measurements on two cores."""


Progress = Callable[[Event], None]


def silent(event: Event) -> None:
    """Tell nobody."""


def to_stderr(event: Event) -> None:
    """One line an event, on standard error, so that standard output keeps to results."""
    sys.stderr.write(render(event) + "\n")
    sys.stderr.flush()


def render(event: Event) -> str:
    """Write the line for a person: what, message, and the time spent of the time expected."""
    time = ""
    if event.elapsed_seconds is not None:
        time = f" ({_duration(event.elapsed_seconds)}"
        if event.expected_seconds is not None:
            time += f" of about {_duration(event.expected_seconds)}"
        time += ")"
    elif event.expected_seconds is not None:
        time = f" (about {_duration(event.expected_seconds)})"
    return f"{event.what}: {event.message}{time}"


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60:02d} s"
