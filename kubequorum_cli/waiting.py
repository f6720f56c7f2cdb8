"""Waits for a condition, always with a limit, and shows what is missing in the meantime."""

import time
from collections.abc import Callable, Sequence

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError

SETTLE_SECONDS = 300
"""How long instances may take to be in service, and nodes to be Ready, once the stacks are complete."""
_POLL_SECONDS = 0.5


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
    deadline = time.monotonic() + seconds
    while lines := missing():
        stage.detail("; ".join(lines))
        if time.monotonic() > deadline:
            raise CommandError(f"{what} after {seconds:.0f} s", why="\n".join(lines), remedy=remedy)
        time.sleep(_POLL_SECONDS)
