"""When the watchdog acts and reports, and when it keeps still."""

from dataclasses import replace

import pytest

from kubequorum_node.system import boot_lock
from kubequorum_node.watchdog.watch import GRACE_AFTER_START_SECONDS, GRACE_SECONDS, LOOK_SECONDS
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.watchdog.test_diagnosis import DOWN, WELL
from tests.unit.node.watchdog.watching import WatchedMaster


def test_a_master_that_is_well_costs_nothing(watched: WatchedMaster) -> None:
    """Nothing is asked of AWS or of etcd, and nothing is written."""
    watched.watch(3600)
    assert watched.node.aws.requests == []
    assert watched.node.host.commands == []


def test_a_dead_master_is_reported_after_the_grace_time(watched: WatchedMaster) -> None:
    """And said: in the slot's record, and as an Event of its Node."""
    watched.watch(GRACE_SECONDS - 2 * LOOK_SECONDS, DOWN)
    assert watched.reports() == 0
    watched.watch(3 * LOOK_SECONDS)
    assert watched.reports() == 1
    assert watched.outcome() == "unwell: dead: etcd does not answer, the API server is not ready"
    (event,) = watched.master.events
    assert event["involvedObject"]["name"] == examples.IDENTITY.node_name
    assert (event["type"], event["reason"]) == ("Warning", "MasterDead")


def test_a_short_failure_is_not_reported(watched: WatchedMaster) -> None:
    """A restart of the API server, for one."""
    watched.watch(40, DOWN)
    watched.watch(120, WELL)
    watched.watch(40, DOWN)
    watched.watch(60, WELL)
    assert watched.master.events == []
    assert watched.node.aws.requests == []


def test_the_grace_time_after_a_start_is_longer(node: FakeNode) -> None:
    """Its boot is under way, and says itself when it fails."""
    watched = WatchedMaster(node)
    watched.watch(GRACE_AFTER_START_SECONDS - 10, DOWN)
    assert watched.reports() == 0
    watched.watch(30)
    assert watched.reports() == 1


def test_without_quorum_the_failure_is_only_reported(
    watched: WatchedMaster, capsys: pytest.CaptureFixture[str]
) -> None:
    """All masters lost power, and one is up: it waits for the others."""
    watched.master.etcd.quorum = False
    watched.watch(600, replace(WELL, etcd_ready=False, api_ready=False))
    assert watched.reports() == 0
    assert "not replaced: the others have no quorum" in capsys.readouterr().err
    assert watched.outcome().startswith("unwell: dead")


def test_all_api_servers_broken_by_the_same_change_replace_nobody(watched: WatchedMaster) -> None:
    """A health check must never take down what still works: etcd has all its members."""
    for slot in "01":
        watched.node.host.statuses[f"https://10.20.{slot}.5:6443/readyz"] = 500
    watched.watch(3600, replace(WELL, api_ready=False))
    assert watched.reports() == 0


@pytest.mark.parametrize("state", [None, "Terminated", "Standby", "Detached"])
def test_an_instance_that_its_group_does_not_want_to_serve_is_left_alone(
    watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    """It ends in order, or a person works on it."""
    monkeypatch.setattr(watched.node.metadata, "target_lifecycle_state", lambda: state)
    watched.watch(600, DOWN)
    assert watched.reports() == 0


def test_a_boot_under_way_is_left_alone(watched: WatchedMaster) -> None:
    """It repairs by itself, or fails by itself."""
    with boot_lock.held(watched.node):
        watched.watch(300, DOWN)
    assert watched.reports() == 0
    watched.watch(70)
    assert watched.reports() >= 1


def test_recovery_is_reported(watched: WatchedMaster) -> None:
    """Once, when it has lasted."""
    watched.master.etcd.quorum = False
    watched.watch(120, DOWN)
    watched.master.etcd.quorum = True
    watched.watch(300, WELL)
    assert [event["reason"] for event in watched.master.events] == ["MasterDead", "MasterWell"]
    assert watched.outcome() == "ready"


def test_a_lasting_failure_is_reported_again(watched: WatchedMaster) -> None:
    """Kubernetes forgets an Event after an hour."""
    watched.master.etcd.quorum = False
    watched.watch(4000, DOWN)
    assert [event["reason"] for event in watched.master.events] == ["MasterDead"] * 3


def test_a_report_that_fails_does_not_stop_the_watchdog(watched: WatchedMaster) -> None:
    """The bucket is away: the master is reported all the same."""
    watched.node.aws.fail("get_object", "InternalError", times=50)
    watched.watch(70, DOWN)
    assert watched.reports() == 1
    assert watched.master.events


def test_a_degraded_master_is_not_dead_when_its_api_server_restarts(watched: WatchedMaster) -> None:
    """Degraded for days: what makes it dead begins its own grace time, and so does the way back."""
    degraded = replace(WELL, not_healthy=("kube-scheduler",))
    watched.watch(300, WELL)
    watched.watch(1000, degraded)
    watched.watch(50, replace(degraded, api_ready=False))
    watched.watch(100, degraded)
    assert watched.reports() == 0
    assert "degraded" in watched.outcome()
    watched.watch(100, replace(degraded, api_ready=False))
    assert watched.reports() == 1


def test_a_crash_loop_that_looks_degraded_in_between_is_dead(watched: WatchedMaster) -> None:
    """An API server that is up for moments, and whose control loops have then not found it yet."""
    watched.watch(300, WELL)
    for _ in range(10):
        watched.watch(20, replace(WELL, api_ready=False, not_healthy=("kube-scheduler",)))
        watched.watch(5, replace(WELL, not_healthy=("kube-scheduler",)))
    assert watched.reports() >= 1


def test_the_end_of_it_is_reported(watched: WatchedMaster) -> None:
    """Its log is read, another cluster file is deployed."""
    watched.watch(100, WELL)
    watched.watch(100, replace(WELL, not_healthy=("kube-controller-manager",)))
    assert "degraded" in watched.outcome()
    watched.watch(60, WELL)
    assert watched.outcome() == "ready"
