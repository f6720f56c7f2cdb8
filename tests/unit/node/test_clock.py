"""Waits end."""

from itertools import pairwise

import pytest

from kubequorum_node.clock import NotYetError, WaitError
from tests.unit.node.fakes import FakeClock


def _never() -> None:
    raise NotYetError("the moon is not full")


def test_a_wait_ends_in_time_and_says_what_it_saw() -> None:
    """With the last reason, and not long after its end."""
    clock = FakeClock()
    with pytest.raises(WaitError, match=r"full moon: not within 30 s; seen last: the moon is not full"):
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
