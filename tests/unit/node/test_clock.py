"""Waits end."""

from itertools import pairwise

import pytest

from kubequorum_node.clock import NotYetError, RetryPolicy, WaitError
from tests.unit.node.fakes import FakeClock


def _never() -> None:
    raise NotYetError("the moon is not full")


def test_a_wait_ends_in_time_with_what_was_seen_last() -> None:
    """With the last reason, and not long after its end."""
    clock = FakeClock()
    with pytest.raises(WaitError, match=r"full moon: not within 30 s; last seen: the moon is not full"):
        clock.poll("full moon", _never, seconds=30, pause=4)
    assert 30 <= clock.now() - 1000 < 31


def test_no_wait_reaches_beyond_the_end_of_the_boot() -> None:
    """The launch hook ends whether something is still waited for or not."""
    clock = FakeClock()
    clock.limit(20)
    with pytest.raises(WaitError):
        clock.poll("full moon", _never, seconds=300)
    assert clock.now() - 1000 < 21


def test_pauses_grow_up_to_their_limit() -> None:
    """Soon at first, rarely later: calls are counted."""
    clock = FakeClock()
    moments: list[float] = []

    def probe() -> None:
        moments.append(clock.now())
        _never()

    with pytest.raises(WaitError):
        clock.poll("full moon", probe, seconds=100, pause=1, longest_pause=10)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert pauses[0] <= 1.2
    assert max(pauses) <= 12
    assert len(moments) < 20


class _Flaky:
    """Fails a number of times, then returns the number of its attempts."""

    def __init__(self, failures: int, failure: Exception) -> None:
        self.attempts = 0
        self._failures = failures
        self._failure = failure

    def __call__(self) -> int:
        self.attempts += 1
        if self.attempts <= self._failures:
            raise self._failure
        return self.attempts


def _is_os_error(failure: Exception) -> bool:
    return isinstance(failure, OSError)


def test_what_may_pass_is_retried_and_reported() -> None:
    """Every failure that is retried is seen, and the result is the last attempt's."""
    clock, flaky, seen = FakeClock(), _Flaky(3, OSError("reset")), list[Exception]()
    policy = RetryPolicy(attempts=4, pause_seconds=1, growth=2, longest_pause_seconds=3)
    assert clock.retry(flaky, policy, retry_if=_is_os_error, on_retry=seen.append) == 4
    assert len(seen) == 3
    assert 0.8 * (1 + 2 + 3) <= clock.now() - 1000 <= 1.2 * (1 + 2 + 3)


def test_attempts_end_and_the_last_failure_is_raised() -> None:
    """Without a pause after the last one."""
    clock, flaky = FakeClock(), _Flaky(9, OSError("reset"))
    with pytest.raises(OSError, match="reset"):
        clock.retry(flaky, RetryPolicy(attempts=2, pause_seconds=10), retry_if=_is_os_error)
    assert flaky.attempts == 2
    assert clock.now() - 1000 <= 12


def test_a_failure_for_good_is_not_retried() -> None:
    """It is raised at once."""
    clock, flaky = FakeClock(), _Flaky(1, KeyError("no such key"))
    with pytest.raises(KeyError):
        clock.retry(flaky, RetryPolicy(attempts=5), retry_if=_is_os_error)
    assert (flaky.attempts, clock.now()) == (1, 1000)


def test_retries_end_with_the_boot() -> None:
    """As waits do."""
    clock, flaky = FakeClock(), _Flaky(10**6, OSError("reset"))
    clock.limit(20)
    with pytest.raises(OSError, match="reset"):
        clock.retry(flaky, RetryPolicy(pause_seconds=3), retry_if=_is_os_error)
    assert 20 <= clock.now() - 1000 < 21
