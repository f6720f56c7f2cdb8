"""Waits and retries, always with an end."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from kubequorum_node.errors import NodeError

T = TypeVar("T")

_JITTER = 0.2
"""Pauses vary by this share: many hosts may wait for the same thing."""


class NotYetError(Exception):
    """What a probe of `Clock.poll` raises while it is too early; its message says what was seen instead."""


class WaitError(NodeError):
    """Something did not happen in time."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often to try, and how long to pause in between. It ends with whichever limit comes first."""

    attempts: int | None = None
    """Attempts at most; None for no limit but the time."""
    seconds: float = float("inf")
    """No attempt begins later than this after the first one."""
    pause_seconds: float = 1.0
    growth: float = 1.0
    """Factor by which each pause is longer than the one before."""
    longest_pause_seconds: float = float("inf")

    def pauses(self, number: int) -> float:
        """The pause after attempt `number` (from 1), without jitter."""
        # The exponent is limited, so that no power overflows.
        return float(
            min(self.pause_seconds * self.growth ** min(number - 1, 100), self.longest_pause_seconds)
        )


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

    def retry(
        self,
        operation: Callable[[], T],
        policy: RetryPolicy,
        *,
        retry_if: Callable[[Exception], bool],
        on_retry: Callable[[Exception], None] | None = None,
    ) -> T:
        """Repeat an operation until it succeeds, fails for good, or the policy ends.

        Args:
            operation: what to try.
            policy: how often and how long.
            retry_if: whether a failure may pass.
            on_retry: called before the pause with each failure that is retried.

        Raises:
            Exception: the last failure of `operation`.

        """
        end = min(self.now() + policy.seconds, self._end)
        for number in count(1):
            try:
                return operation()
            except Exception as failure:
                left = end - self.now()
                if number == policy.attempts or left <= 0 or not retry_if(failure):
                    raise
                if on_retry is not None:
                    on_retry(failure)
            self.sleep(min(policy.pauses(number) * random.uniform(1 - _JITTER, 1 + _JITTER), left))
        raise AssertionError("count() has no end")

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
            pause: seconds between tries.
            longest_pause: pauses grow by half each time, up to this; left out, they stay the same.

        Raises:
            WaitError: time is over; the message has what was seen last.

        """
        begin = self.now()
        policy = RetryPolicy(
            seconds=seconds,
            pause_seconds=pause,
            growth=1.0 if longest_pause is None else 1.5,
            longest_pause_seconds=pause if longest_pause is None else longest_pause,
        )
        try:
            return self.retry(probe, policy, retry_if=lambda failure: isinstance(failure, NotYetError))
        except NotYetError as early:
            waited = self.now() - begin
            raise WaitError(f"{what}: not within {waited:.0f} s; last seen: {early}") from early
