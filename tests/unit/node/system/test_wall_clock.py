"""A clock that is off is found before it makes strange errors."""

import pytest

from kubequorum_node.host import Answer
from kubequorum_node.system import wall_clock
from kubequorum_node.system.wall_clock import ClockError
from tests.unit.node.fakes import FakeNode

S3 = "https://s3.eu-central-1.amazonaws.com"
OTHER_MASTER = "https://etcd-b.ha.kubequorum.internal:6443/livez"
NOON = "Tue, 24 Nov 2026 12:00:00 GMT"
"""What the fake machine believes it is."""
TEN_MINUTES_LATER = "Tue, 24 Nov 2026 12:10:00 GMT"


def test_the_offset_is_what_another_machine_says(node: FakeNode) -> None:
    """A refusal has a date, too; whoever has none is passed over."""
    assert wall_clock.offset_seconds(node) is None
    node.host.answers[OTHER_MASTER] = Answer(status=401, date=TEN_MINUTES_LATER)
    assert wall_clock.offset_seconds(node) == -600
    node.host.answers[S3] = Answer(status=403, date=NOON)
    assert wall_clock.offset_seconds(node) == 0
    node.host.answers[S3] = Answer(status=403, date="yesterday")
    assert wall_clock.offset_seconds(node) == -600


def test_whoever_is_asked_for_the_time_is_told_who_asks(node: FakeNode) -> None:
    """The question has no signature that would tell."""
    wall_clock.offset_seconds(node)
    assert node.host.user_agents
    assert all(node.identity.instance_id in agent for agent in node.host.user_agents)


def test_a_boot_waits_for_its_clock(node: FakeNode) -> None:
    """A machine sets its clock a little after its network is up."""
    node.host.answers[S3] = Answer(status=403, date=TEN_MINUTES_LATER)

    def set_by_ntp() -> None:
        if node.clock.now() > 1020:
            node.host.answers[S3] = Answer(status=403, date=NOON)

    node.clock.on_sleep.append(set_by_ntp)
    wall_clock.wait_until_right(node)


def test_a_clock_that_stays_off_ends_the_boot_in_words(node: FakeNode) -> None:
    """By how much, which way, and where to look."""
    node.host.answers[S3] = Answer(status=403, date=TEN_MINUTES_LATER)
    with pytest.raises(ClockError, match=r"clock is 600 s behind of AWS.*timedatectl"):
        wall_clock.wait_until_right(node)
    assert node.clock.now() - 1000 < 120


def test_nobody_to_ask_is_no_failure(node: FakeNode) -> None:
    """Behind a proxy nobody answers directly."""
    wall_clock.wait_until_right(node)
