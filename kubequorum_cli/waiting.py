"""Waiting for something, always with an end, and saying meanwhile what is missing."""

import time
from collections.abc import Callable, Sequence

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError

_POLL_SECONDS = 0.5


def wait_until_complete(
    missing: Callable[[], Sequence[str]], stage: Stage, *, seconds: float, what: str, remedy: str
) -> None:
    """Ask again and again until nothing is missing.

    Args:
        missing: a line for each thing that is missing.
        stage: shows these lines.
        seconds: how long it may take.
        what: what was not so in time, for the error.
        remedy: what a person can do then.

    Raises:
        CommandError: not in time; with what was missing last.
    """
    deadline = time.monotonic() + seconds
    while lines := missing():
        stage.detail("; ".join(lines))
        if time.monotonic() > deadline:
            raise CommandError(f"{what} after {seconds:.0f} s", why="\n".join(lines), remedy=remedy)
        time.sleep(_POLL_SECONDS)
