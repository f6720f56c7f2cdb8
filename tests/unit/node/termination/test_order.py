"""The orderly end: in an order in which nobody loses what it needs, bounded, and safe to repeat."""

import json
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import leadership
from kubequorum_node.host import Result
from kubequorum_node.step import Step
from kubequorum_node.termination import drain, load_balancer, order, static_pods
from kubequorum_node.termination.order import Part
from kubequorum_node.volume import detachment, filesystem
from kubequorum_node.volume.attachment import VolumeError
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

ME, B, C = 11, 22, 33
SLOTS = {"127.0.0.1": ME, "etcd-b": B, "etcd-c": C}
ETCDCTL, CRICTL, KUBECTL = (f"/usr/local/bin/{name}" for name in ("etcdctl", "crictl", "kubectl"))
PODS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
OWN = examples.IDENTITY.instance_id
READYZ = f"https://{examples.IDENTITY.address}:6443/readyz"
TARGETS = "arn:aws:elasticloadbalancing:eu-central-1:0:targetgroup/masters/1"


class Machine:
    """A master in service that leads etcd, with what the real programs would do."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.leader = ME
        self.down: set[int] = set()
        self.behind: dict[int, int] = {}
        self.running = set(PODS)
        self.stuck: set[str] = set()
        self.kubelet = True
        self.log: list[str] = []
        node.host.mounts.add(filesystem.MOUNT_POINT)
        node.host.statuses[READYZ] = 200
        for pod in PODS:
            node.host.write(f"/etc/kubernetes/manifests/{pod}.yaml", "pod")
        node.host.on(ETCDCTL, self._etcdctl)
        node.host.on(CRICTL, self._crictl)
        node.host.on(KUBECTL, lambda *_: self.log.append("node removed"))
        node.host.on("umount", lambda *_: self._unmount())
        node.host.on("systemctl stop", lambda *_: self.log.append("rivals stopped"))
        node.host.on("systemctl is-active", lambda *_: Result(0 if self.kubelet else 3, ""))
        node.clock.on_sleep.append(self._kubelet_works)
        node.aws.volume.update(State="in-use", Attachments=[{"InstanceId": OWN, "State": "attached"}])
        node.aws.target_groups = {TARGETS: "healthy"}
        node.aws.lifecycle[OWN] = "Terminating:Wait"
        for operation in ("deregister_targets", "detach_volume", "complete_lifecycle_action"):
            self._note(operation)

    def _note(self, operation: str) -> None:
        self.node.aws.first(operation, lambda: self.log.append(operation))

    def _etcdctl(self, command: tuple[str, ...], _: str | None) -> Result:
        member = next(member for name, member in SLOTS.items() if name in command[1])
        if member in self.down or (member == ME and "etcd" not in self.running):
            return Result(1, "", "connection refused")
        if "move-leader" in command:
            self.leader = int(command[-1], 16)
            self.log.append(f"leader {self.leader}")
            return Result(0, "")
        status = {
            "header": {"member_id": member},
            "leader": self.leader,
            "raftIndex": 1000 - self.behind.get(member, 0),
        }
        return Result(0, json.dumps([{"Status": status}]))

    def _crictl(self, command: tuple[str, ...], _: str | None) -> Result:
        if command[1] == "stop":
            self._stopped(set(command[3:]))
            return Result(0, "")
        name = command[-1].strip("^$")
        return Result(0, f"{name}\n" if name in self.running else "")

    def _kubelet_works(self) -> None:
        there = {path.stem for path in self.node.host.path("/etc/kubernetes/manifests").iterdir()}
        if self.kubelet:
            self._stopped(self.running - there - self.stuck)

    def _stopped(self, pods: set[str]) -> None:
        self.log.extend(f"{pod} stopped" for pod in sorted(pods))
        self.running -= pods

    def _unmount(self) -> Result:
        if "etcd" in self.running:
            return Result(32, "", "target is busy")
        self.node.host.mounts.discard(filesystem.MOUNT_POINT)
        self.log.append("unmounted")
        return Result(0, "")


@pytest.fixture
def machine(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A master in slot a; its pods are asked to move by the test of `drain`."""
    monkeypatch.delenv("KUBEQUORUM_SUPERVISOR", raising=False)
    machine = Machine(node)

    class _Drain(drain.Drain):
        def cordon(self) -> None:
            machine.log.append("cordoned")

        def evict_all(self) -> list[drain.Pod]:
            return []

    monkeypatch.setattr(drain, "Drain", _Drain)
    return machine


def test_a_master_lets_go_in_order(machine: Machine) -> None:
    """Leadership, load balancer, API server, etcd, volume, hook: each before what it needs is gone."""
    node = machine.node
    machine.behind = {C: 1}
    begin = node.clock.now()
    order.leave(node)
    assert machine.log == [
        "rivals stopped",
        "cordoned",
        f"leader {B}",
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


def test_an_end_that_the_group_has_not_heard_of_is_told_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS says yes to the completion and loses it: the machine goes on telling for as long as it is there."""
    asked: list[str] = []

    def complete(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["LifecycleHookName"])
        if len(asked) > 1:
            machine.node.aws.lifecycle[OWN] = "Terminating:Proceed"
        return {}

    monkeypatch.setattr(machine.node.aws, "complete_lifecycle_action", complete)
    order.leave(machine.node)
    assert asked == ["terminate", "terminate"]


def test_the_last_of_a_control_plane_does_not_wait_for_the_others(machine: Machine) -> None:
    """Without a quorum no request ends: it asks nobody, stops all at once and gives its volume free."""
    machine.node.host.statuses[READYZ] = 500
    order.leave(machine.node)
    assert machine.running == set()
    assert not machine.node.host.ran(ETCDCTL)
    assert not machine.node.host.ran(KUBECTL)
    assert machine.log[-2:] == ["detach_volume", "complete_lifecycle_action"]
    assert not any(machine.node.host.path(f"/etc/kubernetes/manifests/{pod}.yaml").exists() for pod in PODS)


def test_an_end_that_is_repeated_finds_what_is_done(machine: Machine) -> None:
    """The unit was killed at the very end and starts again: nothing is stopped or detached twice."""
    order.leave(machine.node)
    machine.log.clear()
    order.leave(machine.node)
    assert machine.log == ["rivals stopped", "cordoned", "node removed"]
    assert len(machine.node.aws.asked("detach_volume")) == 1
    assert len(machine.node.aws.completed) == 1


@pytest.mark.parametrize("name", [part.step.name for part in order.MASTER])
def test_a_part_that_fails_keeps_no_other_from_being_done(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The hook is completed in any case: EC2 then ends what was left undone."""

    def fail(_: object) -> None:
        raise NodeError("as the test wants")

    parts = [Part(Step(name, "", fail), 1) if part.step.name == name else part for part in order.MASTER]
    monkeypatch.setattr(order, "MASTER", parts)
    order.leave(machine.node)
    assert machine.node.aws.completed[0]["LifecycleHookName"] == "terminate"
    if name not in ("stop-control-plane", "unmount-volume", "detach-volume"):
        assert machine.node.aws.volume["State"] == "available"


def test_a_part_that_hangs_is_left_behind(node: FakeNode, capsys: pytest.CaptureFixture[str]) -> None:
    """A dead mount, or an API that swallows requests."""
    never = Event()

    def wait(_: object) -> None:
        never.wait(60)

    try:
        order.attempt(node, Part(Step("hang", "", wait), 0.01))
    finally:
        never.set()
    assert "hang: not done within" in capsys.readouterr().err


def test_all_parts_together_end_before_the_hook_does() -> None:
    """Its time-out is 300 s (TERMINATE_HEARTBEAT)."""
    assert sum(part.seconds for part in order.MASTER) < 290
    assert sum(part.seconds for part in order.SHUTDOWN) < 100


def test_a_plain_process_only_completes_its_hook(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has nothing to let go of."""
    monkeypatch.setenv("KUBEQUORUM_SUPERVISOR", "process")
    order.leave(node)
    assert node.host.commands == []
    assert len(node.aws.completed) == 1


def test_a_machine_that_goes_off_keeps_volume_and_place(machine: Machine) -> None:
    """It comes back: nobody would give it its target group or its volume again."""
    order.shut_down(machine.node)
    assert machine.running == set()
    assert machine.log.index("kube-apiserver stopped") < machine.log.index("etcd stopped")
    assert filesystem.MOUNT_POINT not in machine.node.host.mounts
    assert machine.node.aws.requests == []


def test_a_machine_that_goes_off_behind_its_farewell_waits_for_nothing(machine: Machine) -> None:
    """EC2 ends the instance: etcd, which is stopped, is asked no more."""
    order.leave(machine.node)
    machine.node.host.statuses[READYZ] = None
    machine.node.host.commands.clear()
    begin = machine.node.clock.now()
    order.shut_down(machine.node)
    assert not machine.node.host.ran(ETCDCTL)
    assert machine.node.clock.now() == begin


def test_leadership_goes_to_who_has_most_of_the_log(machine: Machine) -> None:
    """A member that lags would first have to catch up."""
    machine.behind = {B: 5}
    leadership.hand_over(machine.node)
    assert machine.leader == C


def test_leadership_goes_to_nobody_who_is_ill(machine: Machine) -> None:
    """A member that does not answer gets nothing; without any other the end goes on."""
    machine.down = {B}
    leadership.hand_over(machine.node)
    assert machine.leader == C
    machine.leader, machine.down = ME, {B, C}
    leadership.hand_over(machine.node)
    assert machine.leader == ME


def test_a_follower_hands_nothing_over(machine: Machine) -> None:
    """And asks none of the others."""
    machine.leader = C
    leadership.hand_over(machine.node)
    assert machine.leader == C
    assert len(machine.node.host.commands) == 1


def test_a_load_balancer_that_still_sends_is_waited_for(machine: Machine) -> None:
    """Deregistering takes it a moment."""
    aws = machine.node.aws
    aws.before["deregister_targets"] = []
    states = iter(["healthy", "healthy", "draining", "draining"])
    aws.drain = lambda arn: aws.target_groups.__setitem__(arn, next(states))
    load_balancer.leave(machine.node)
    assert len(aws.asked("describe_target_health")) == 3
    assert aws.asked("deregister_targets") == [{"TargetGroupArn": TARGETS, "Targets": [{"Id": OWN}]}]


def test_a_load_balancer_that_never_lets_go_is_not_waited_for_without_end(machine: Machine) -> None:
    """The rest of the end matters more."""
    machine.node.aws.drain = lambda _: None
    begin = machine.node.clock.now()
    load_balancer.leave(machine.node)
    assert machine.node.clock.now() - begin < 30


def test_a_pod_that_the_kubelet_does_not_stop_is_stopped_without_it(machine: Machine) -> None:
    """It hangs, or its pod does."""
    machine.stuck = {"kube-apiserver"}
    static_pods.stop_all(machine.node)
    assert machine.running == set()
    assert machine.log.index("kube-apiserver stopped") < machine.log.index("etcd stopped")


def test_pods_are_stopped_where_no_kubelet_runs(machine: Machine) -> None:
    """A boot that failed may never have started it: nobody waits for what it would do."""
    machine.kubelet = False
    begin = machine.node.clock.now()
    static_pods.stop_all(machine.node)
    assert machine.running == set()
    assert machine.node.clock.now() == begin


def test_the_kubelet_goes_on(machine: Machine) -> None:
    """By its answers a successor knows that this machine is at work: silent, it would be finished off."""
    order.leave(machine.node)
    assert not [line for line in machine.node.host.ran("systemctl stop") if "kubelet" in line]


def test_a_volume_that_is_in_use_is_neither_unmounted_nor_detached(machine: Machine) -> None:
    """EC2 would wait for the end of the mount; the end of the instance does both."""
    with pytest.raises(WaitError, match="busy"):
        filesystem.unmount(machine.node)
    with pytest.raises(VolumeError, match="still mounted"):
        detachment.detach(machine.node)
    assert not machine.node.aws.asked("detach_volume")


def test_a_volume_that_is_elsewhere_is_left_alone(machine: Machine) -> None:
    """A successor has it already."""
    machine.node.host.mounts.clear()
    machine.node.aws.volume["Attachments"] = [{"InstanceId": "i-0bbbbbbbbbbbbbbbb", "State": "attached"}]
    detachment.detach(machine.node)
    assert not machine.node.aws.asked("detach_volume")


def test_a_worker_empties_its_node_and_goes(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only then is its hook completed."""
    log: list[str] = []
    worker.host.on("systemctl stop", None)
    step = Step("empty-node", "", lambda _: log.append("emptied"))
    monkeypatch.setattr(order, "WORKER", [Part(step, 5)])
    worker.aws.first("complete_lifecycle_action", lambda: log.append("completed"))
    monkeypatch.delenv("KUBEQUORUM_SUPERVISOR", raising=False)
    order.leave(worker)
    assert log == ["emptied", "completed"]


def test_the_boot_is_stopped_before_anything_else() -> None:
    """It would attach the volume and start the pods again. A unit by that name has to be there."""
    units = Path(order.__file__).resolve().parents[2] / "units"
    named = [rival for rival in order._RIVALS if "*" not in rival]
    assert "kubequorum-boot.service" in named
    for rival in named:
        assert (units / rival).exists(), rival
