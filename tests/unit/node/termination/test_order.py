"""Graceful termination: each step before what it depends on is gone, bounded, and safe to repeat."""

from threading import Event
from typing import Any

import pytest

from kubequorum_node import services
from kubequorum_node.errors import NodeError
from kubequorum_node.step import Step
from kubequorum_node.supervision.processes import Processes
from kubequorum_node.termination import notices, order
from kubequorum_node.termination.order import TimedStep
from kubequorum_node.volume import filesystem
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import OWN, SimulatedNode
from tests.unit.node.simulation.pods import PODS, READYZ

ETCDCTL, KUBECTL = (f"/usr/local/bin/{name}" for name in ("etcdctl", "kubectl"))


def test_a_master_terminates_in_order(master: SimulatedNode) -> None:
    """Leadership, load balancer, API server, etcd, volume, hook: each before what it needs is gone."""
    node = master.node
    master.etcd.raft_indexes["c"] -= 1
    begin = node.clock.now()
    order.terminate(node)
    assert master.log == [
        "services stopped",
        "backed up",
        "cordoned",
        "etcd is led by b",
        "deregister_targets",
        "node removed",
        "kube-controller-manager stopped",
        "kube-scheduler stopped",
        "kube-apiserver stopped",
        "etcd stopped",
        "unmounted",
        "detach_volume",
        "complete_lifecycle_action",
    ]
    assert node.aws.volume["State"] == "available"
    assert node.clock.now() - begin < 30


def test_a_lost_terminate_completion_is_retried(
    master: SimulatedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS accepts the completion but drops it: the host retries for as long as it exists."""
    asked: list[str] = []

    def complete(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["LifecycleHookName"])
        if len(asked) > 1:
            master.node.aws.lifecycle[OWN] = "Terminating:Proceed"
        return {}

    monkeypatch.setattr(master.node.aws, "complete_lifecycle_action", complete)
    order.terminate(master.node)
    assert asked == ["terminate", "terminate"]


def test_the_last_of_a_control_plane_does_not_wait_for_the_others(master: SimulatedNode) -> None:
    """Without a quorum no request ends: it sends none, stops all pods at once and detaches its volume."""
    master.node.host.statuses[READYZ] = 500
    order.terminate(master.node)
    assert master.pods.running == set()
    assert not master.node.host.ran(ETCDCTL)
    assert not master.node.host.ran(KUBECTL)
    assert master.log[-2:] == ["detach_volume", "complete_lifecycle_action"]
    assert not any(master.node.host.path(f"/etc/kubernetes/manifests/{pod}.yaml").exists() for pod in PODS)


def test_a_repeated_termination_finds_what_is_done(master: SimulatedNode) -> None:
    """The unit was killed at the very end and starts again: nothing is stopped or detached twice."""
    order.terminate(master.node)
    master.log.clear()
    order.terminate(master.node)
    assert master.log == ["services stopped"]
    assert len(master.node.aws.asked("detach_volume")) == 1
    assert len(master.node.aws.completed) == 1


@pytest.mark.parametrize("name", [part.step.name for part in order.MASTER])
def test_a_step_that_fails_does_not_prevent_the_others(
    master: SimulatedNode, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The hook is completed in any case: EC2 then ends what was left undone."""

    def fail(_: object) -> None:
        raise NodeError("as the test wants")

    parts = [TimedStep(Step(name, "", fail), 1) if part.step.name == name else part for part in order.MASTER]
    monkeypatch.setattr(order, "MASTER", parts)
    order.terminate(master.node)
    assert master.node.aws.completed[0]["LifecycleHookName"] == "terminate"
    if name not in ("stop-control-plane", "unmount-volume", "detach-volume"):
        assert master.node.aws.volume["State"] == "available"


def test_a_step_that_hangs_is_skipped(node: FakeNode, capsys: pytest.CaptureFixture[str]) -> None:
    """A dead mount, or an API that swallows requests."""
    never = Event()

    def wait(_: object) -> None:
        never.wait(60)

    try:
        order.attempt(node, TimedStep(Step("hang", "", wait), 0.01))
    finally:
        never.set()
    assert "hang: not done within" in capsys.readouterr().err


def test_all_steps_together_end_before_the_hook_does() -> None:
    """Its time-out is 600 s (TERMINATE_HEARTBEAT)."""
    assert sum(part.seconds for part in order.MASTER) < 590
    assert sum(part.seconds for part in order.SHUTDOWN) < 100


def test_a_plain_process_only_completes_its_hook(node: FakeNode) -> None:
    """It has nothing to release."""
    node.supervisor = Processes(services.units(is_master=True))
    order.terminate(node)
    assert node.host.commands == []
    assert len(node.aws.completed) == 1


def test_a_shutdown_keeps_volume_and_target_group(master: SimulatedNode) -> None:
    """It comes back: nothing would give it its target group or its volume again."""
    order.shut_down(master.node)
    assert master.pods.running == set()
    assert master.log.index("kube-apiserver stopped") < master.log.index("etcd stopped")
    assert filesystem.MOUNT_POINT not in master.node.host.mounts
    assert master.record().outcome == "shutting down"
    assert {name for name, _ in master.node.aws.requests} <= {"get_object", "put_object"}


def test_a_shutdown_after_a_termination_waits_for_nothing(master: SimulatedNode) -> None:
    """EC2 ends the instance: etcd, which is stopped, is asked no more."""
    order.terminate(master.node)
    master.node.host.statuses[READYZ] = None
    master.node.host.commands.clear()
    begin = master.node.clock.now()
    order.shut_down(master.node)
    assert not master.node.host.ran(ETCDCTL)
    assert master.node.clock.now() == begin


def test_a_worker_drains_its_node_first(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only then is its hook completed."""
    log: list[str] = []
    worker.host.on("systemctl stop", None)
    step = Step("empty-node", "", lambda _: log.append("emptied"))
    monkeypatch.setattr(order, "WORKER", [TimedStep(step, 5)])
    worker.aws.first("complete_lifecycle_action", lambda: log.append("completed"))
    order.terminate(worker)
    assert log == ["emptied", "completed"]


@pytest.mark.parametrize("terminated", [False, True])
def test_a_worker_that_is_taken_back_drains(
    worker: FakeNode, monkeypatch: pytest.MonkeyPatch, terminated: bool
) -> None:
    """The hook, which nobody opened, is not asked about: unless the group happens to terminate it, too."""
    log: list[str] = []
    worker.host.on("systemctl stop", None)
    step = Step("empty-node", "", lambda _: log.append("emptied"))
    monkeypatch.setattr(order, "WORKER", [TimedStep(step, 5)])
    worker.aws.first("complete_lifecycle_action", lambda: log.append("completed"))
    worker.clock.on_sleep.append(
        lambda: setattr(worker.metadata, "target_state", "Terminated" if terminated else "InService")
    )
    order.leave_at_once(worker)
    assert log == (["emptied", "completed"] if terminated else ["emptied"])
    assert terminated or worker.aws.requests == []


@pytest.mark.parametrize(("notice", "left"), [(None, "terminate"), ("{}", "leave_at_once")])
def test_the_service_of_the_end_does_what_fits(
    worker: FakeNode, monkeypatch: pytest.MonkeyPatch, notice: str | None, left: str
) -> None:
    """The group's termination, or EC2's, whichever comes first."""
    log: list[str] = []
    monkeypatch.setattr(notices, "watch", lambda _: None)
    for name in ("terminate", "leave_at_once"):
        monkeypatch.setattr(services, name, lambda _, name=name: log.append(name))
    worker.metadata.notice = notice
    worker.clock.on_sleep.append(lambda: setattr(worker.metadata, "target_state", "Terminated"))
    services._watch_lifecycle(worker)
    assert log == [left]


def test_what_would_interfere_is_stopped_before_anything_else(node: FakeNode, worker: FakeNode) -> None:
    """The boot would attach the volume and start the pods again; the service that terminates goes on."""
    stopped = []
    for each in (node, worker):
        each.host.on("systemctl stop", None)
        each.supervisor.stop_for_termination()
        (line,) = each.host.ran("systemctl stop")
        stopped.append(set(line.split()[2:]))
    master, other = stopped
    assert {"kubequorum-boot.service", "kubequorum-watchdog.service"} <= master
    assert {"kubequorum-credentials.timer", "kubequorum-credentials.service"} <= master
    assert not master & {"kubequorum-lifecycle.service", "kubequorum-shutdown.service"}
    assert other == {"kubequorum-boot.service"}
