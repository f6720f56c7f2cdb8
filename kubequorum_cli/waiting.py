"""Waits for a condition, always with a limit, and shows what is missing in the meantime."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError

SETTLE_SECONDS = 300
"""How long instances may take to be in service, and nodes to be Ready, once the stacks are complete."""
_PAUSE_SECONDS = 0.5

Missing = TypeVar("Missing", bound=Sequence[str])


def poll(
    missing: Callable[[], Missing],
    *,
    seconds: float,
    pause_seconds: float = _PAUSE_SECONDS,
    show: Callable[[Missing], None] | None = None,
) -> Missing:
    """Poll until nothing is missing or the time is over; what is missing then.

    Args:
        missing: text or lines; empty if nothing is missing.
        seconds: the limit. A call of `missing` that has begun is not interrupted.
        pause_seconds: between two calls.
        show: gets what is missing after each call.
    """
    deadline = time.monotonic() + seconds
    while found := missing():
        if show is not None:
            show(found)
        if time.monotonic() > deadline:
            break
        time.sleep(pause_seconds)
    return found


def wait_until_complete(
    missing: Callable[[], Sequence[str]], stage: Stage, *, seconds: float, what: str, remedy: str
) -> None:
    """Poll until nothing is missing.

    Args:
        missing: a line for each thing that is missing.
        stage: shows these lines.
        seconds: the limit.
        what: what was not reached in time, for the error.
        remedy: what a person can do then.

    Raises:
        CommandError: not in time; with what was missing last.
    """
    if lines := poll(missing, seconds=seconds, show=lambda found: stage.detail("; ".join(found))):
        raise CommandError(f"{what} after {seconds:.0f} s", why="\n".join(lines), remedy=remedy)
