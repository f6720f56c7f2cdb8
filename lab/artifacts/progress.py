"""Progress of long work, as events."""

import sys
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event."""

    what: str
    """The artifact, e.g. `kubernetes-node`."""
    message: str
    elapsed_seconds: float | None = None
    """Since the work on this artifact began; None where that does not apply."""
    expected_seconds: float | None = None
    """How long it takes in total, measured on two cores."""


Progress = Callable[[Event], None]


def silent(event: Event) -> None:
    """Discard the event."""


def to_stderr(event: Event) -> None:
    """Write one line for the event to standard error; standard output is for results."""
    sys.stderr.write(render(event) + "\n")
    sys.stderr.flush()


def render(event: Event) -> str:
    """The line for a person: artifact, message, and the time elapsed of the time expected."""
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
