"""A clock that is off is found before it makes strange errors."""

import pytest

from kubequorum_node.host import Answer
from kubequorum_node.system import wall_clock
from kubequorum_node.system.wall_clock import ClockError
from tests.unit.node.fakes import FakeNode

S3 = "https://s3.eu-central-1.amazonaws.com"
OTHER_MASTER = "https://etcd-b.ha.kubequorum.internal:6443/livez"
NOON = "Tue, 24 Nov 2026 12:00:00 GMT"
"""The time by the fake host's clock."""
TEN_MINUTES_LATER = "Tue, 24 Nov 2026 12:10:00 GMT"


def test_the_offset_is_that_to_a_servers_clock(node: FakeNode) -> None:
    """A refusal has a date, too; an answer without one is skipped."""
    assert wall_clock.offset_seconds(node) is None
    node.host.answers[OTHER_MASTER] = Answer(status=401, date=TEN_MINUTES_LATER)
    assert wall_clock.offset_seconds(node) == -600
    node.host.answers[S3] = Answer(status=403, date=NOON)
    assert wall_clock.offset_seconds(node) == 0
    node.host.answers[S3] = Answer(status=403, date="yesterday")
    assert wall_clock.offset_seconds(node) == -600


def test_requests_for_the_time_name_the_instance(node: FakeNode) -> None:
    """The request has no signature that would identify it."""
    wall_clock.offset_seconds(node)
    assert node.host.user_agents
    assert all(node.identity.instance_id in agent for agent in node.host.user_agents)


def test_a_boot_waits_for_its_clock(node: FakeNode) -> None:
    """A host sets its clock shortly after its network is up."""
    node.host.answers[S3] = Answer(status=403, date=TEN_MINUTES_LATER)

    def set_by_ntp() -> None:
        if node.clock.now() > 1020:
            node.host.answers[S3] = Answer(status=403, date=NOON)

    node.clock.on_sleep.append(set_by_ntp)
    wall_clock.wait_until_right(node)


def test_a_clock_that_stays_wrong_fails_the_boot_in_words(node: FakeNode) -> None:
    """By how much, which way, and where to look."""
    node.host.answers[S3] = Answer(status=403, date=TEN_MINUTES_LATER)
    with pytest.raises(ClockError, match=r"clock is 600 s behind of AWS.*timedatectl"):
        wall_clock.wait_until_right(node)
    assert node.clock.now() - 1000 < 120


def test_without_any_server_the_boot_continues(node: FakeNode) -> None:
    """Behind a proxy no server answers directly."""
    wall_clock.wait_until_right(node)
