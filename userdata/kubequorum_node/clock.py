"""Waiting, always with an end."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from kubequorum_node.errors import NodeError

T = TypeVar("T")


class NotYetError(Exception):
    """What a probe of `Clock.poll` raises while it is too early; its message says what was seen instead."""


class WaitError(NodeError):
    """Something did not happen in time."""


class Clock:
    """Time, and waits that never reach beyond the end of the whole boot."""

    def __init__(self, *, limit_seconds: float = float("inf")) -> None:
        self._end = self.now() + limit_seconds

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    def wall_time(self) -> float:
        """Seconds since 1970, by a clock that may be wrong and may be set."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Pause."""
        time.sleep(seconds)

    def limit(self, seconds: float) -> None:
        """Let no wait from now on reach further than `seconds` from now."""
        self._end = self.now() + seconds

    def poll(
        self,
        what: str,
        probe: Callable[[], T],
        *,
        seconds: float,
        pause: float = 1.0,
        longest_pause: float | None = None,
    ) -> T:
        """Try until the probe no longer raises NotYetError.

        Args:
            what: what is waited for, for the error.
            probe: returns the result, or raises NotYetError.
            seconds: how long at most.
            pause: between tries; with jitter, for others may wait for the same.
            longest_pause: pauses grow by half each time, up to this; left out, they stay the same.

        Raises:
            WaitError: time is over; the message has what was seen last.

        """
        begin = self.now()
        end = min(begin + seconds, self._end)
        while True:
            try:
                return probe()
            except NotYetError as early:
                left = end - self.now()
                if left <= 0:
                    waited = self.now() - begin
                    raise WaitError(f"{what}: not within {waited:.0f} s; seen last: {early}") from early
            self.sleep(min(pause * random.uniform(0.8, 1.2), left))
            if longest_pause is not None:
                pause = min(pause * 1.5, longest_pause)
