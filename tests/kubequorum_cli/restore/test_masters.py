"""Which masters a restore has replaced, which it leaves alone, and when it is complete."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.resources import Resources
from kubequorum_cli.restore.masters import Masters
from kubequorum_cli.restore.request import RestoreBucket
from tests.kubequorum_cli.restore.cluster_stub import SINCE, StubCluster


class _Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def cluster() -> StubCluster:
    """Three masters in service, whose data come from no restore."""
    found = StubCluster()
    for slot in "abc":
        found.add(f"{slot}1")
        found.note(slot, f"{slot}1")
    return found


def _masters(cluster: StubCluster, clock: Any = _Clock()) -> Masters:  # noqa: B008 - never changed
    return Masters(
        resources=cast("Resources", cluster),
        bucket=cast("RestoreBucket", cluster),
        number=2,
        since=SINCE,
        now=clock,
    )


def test_masters_in_service_are_replaced_once(cluster: StubCluster) -> None:
    """Their groups terminate them gracefully and launch successors."""
    masters = _masters(cluster)
    for _ in range(3):
        assert not any(state.done for state in masters.step())
    assert cluster.calls == [("terminate", "a1"), ("terminate", "b1"), ("terminate", "c1")]


def test_masters_that_restore_are_left_alone(cluster: StubCluster) -> None:
    """One that has begun, one that has put the data in place, and one that is done."""
    cluster.note("a", "a1", outcome="restoring 2")
    cluster.note("b", "b1", restore=2, outcome="booting")
    cluster.note("c", "c1", restore=2)
    states = _masters(cluster).step()
    assert [(state.text, state.done) for state in states] == [
        ("restoring", False),
        ("data restored, booting", False),
        ("restored and in service", True),
    ]
    assert cluster.calls == []


def test_a_master_of_an_earlier_restore_is_replaced(cluster: StubCluster) -> None:
    """It may even be in the middle of that."""
    cluster.note("a", "a1", outcome="restoring 1")
    cluster.note("b", "b1", restore=1)
    cluster.note("c", "c1", restore=3)
    _masters(cluster).step()
    assert cluster.calls == [("terminate", "a1"), ("terminate", "b1")]


def test_a_record_of_another_instance_protects_nobody(cluster: StubCluster) -> None:
    """An old master that wakes up after its successor has restored the slot."""
    cluster.note("a", "a2", restore=2)
    cluster.add("a2", launched_after=30)
    states = _masters(cluster).step()
    assert ("terminate", "a1") in cluster.calls
    assert states[0].done


def test_a_booting_master_has_time_to_notice(cluster: StubCluster) -> None:
    """Those that wait for lost data look every few seconds; one that hangs is abandoned after a minute."""
    clock = _Clock()
    cluster.states = dict.fromkeys(cluster.states, "Pending:Wait")
    masters = _masters(cluster, clock)
    masters.step()
    cluster.note("b", "b1", outcome="restoring 2")
    clock.seconds = 59
    masters.step()
    assert cluster.calls == []
    clock.seconds = 61
    masters.step()
    assert cluster.calls == [("abandon", "a1"), ("abandon", "c1")]


def test_a_master_that_was_launched_after_the_request_is_left_alone(cluster: StubCluster) -> None:
    """It reads the request when it boots, however long it waits for its predecessor's volume."""
    clock = _Clock()
    cluster.add("a2", "Pending:Wait", launched_after=5)
    cluster.states["a1"] = "Terminating:Wait"
    masters = _masters(cluster, clock)
    masters.step()
    clock.seconds = 600
    masters.step()
    assert cluster.calls == [("terminate", "b1"), ("terminate", "c1")]


@pytest.mark.parametrize("state", ["Terminating:Wait", "Terminating", "Terminated"])
def test_a_master_that_terminates_is_left_alone(cluster: StubCluster, state: str) -> None:
    """Its successor completes what it cannot."""
    cluster.states = dict.fromkeys(cluster.states, state)
    _masters(cluster).step()
    assert cluster.calls == []


def test_an_action_that_is_refused_is_tried_again(cluster: StubCluster) -> None:
    """The instance has just changed its state; anything else that AWS says ends the command."""
    masters = _masters(cluster)
    cluster.refuse = "ValidationError"
    masters.step()
    cluster.refuse = "AccessDenied"
    with pytest.raises(ClientError, match="AccessDenied"):
        masters.step()
    cluster.refuse = ""
    masters.step()
    assert len(cluster.calls) == 3


def test_done_is_who_is_in_service(cluster: StubCluster) -> None:
    """A record alone is not enough: its master may be gone by now."""
    cluster.note("a", "a1", restore=2)
    cluster.states["a1"] = "Terminating:Wait"
    assert not _masters(cluster).step()[0].done


def test_what_failed_is_shown(cluster: StubCluster) -> None:
    """As the boot has reported it; and a slot whose master never began."""
    cluster.note("a", "a1", outcome="failed: no full snapshot is good")
    del cluster.records["b"]
    states = _masters(cluster).step()
    assert states[0].text == "failed: no full snapshot is good"
    assert states[1].text == "no master has begun"


@pytest.mark.parametrize("process", ["Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy"])
def test_suspended_groups_are_found_before_anything_is_changed(cluster: StubCluster, process: str) -> None:
    """A runbook may have suspended them: with the command that resumes them."""
    _masters(cluster).require_replaceable()
    cluster.suspended["b"] = ["AZRebalance", process]
    with pytest.raises(CommandError, match="group of slot b cannot") as caught:
        _masters(cluster).require_replaceable()
    assert caught.value.why == f"{process} of group-b is suspended"
    assert "resume-processes --auto-scaling-group-name group-b" in caught.value.remedy


def test_groups_without_instances_are_found(cluster: StubCluster) -> None:
    """Somebody has set the capacity to 0."""
    cluster.desired["c"] = 0
    with pytest.raises(CommandError, match="slot c has no master"):
        _masters(cluster).require_replaceable()
