"""Masters whose group is being created: none of them may keep the others from being created."""

from pathlib import Path

import pytest

from kubequorum_node.boot import run
from kubequorum_node.host import Result
from tests.unit.node.boot.booting import Machine, endpoint_answer, surroundings
from tests.unit.node.fakes import FakeNode

__all__ = ["surroundings"]

ETCDCTL = "/usr/local/bin/etcdctl"


@pytest.fixture
def machine(node: FakeNode) -> Machine:
    """A master in slot a, whose group is complete, and etcd has a quorum, only when its launch hook is."""
    machine = Machine(node)
    node.aws.resources["MasterAGroup"] = "CREATE_IN_PROGRESS"

    def etcdctl(command: tuple[str, ...], _: str | None) -> Result:
        if node.aws.completed:
            node.aws.resources["MasterAGroup"] = "CREATE_COMPLETE"
        return endpoint_answer(command, leader=5 if node.aws.completed else 0)

    node.host.on(ETCDCTL, etcdctl)
    return machine


def test_a_first_master_lets_the_others_come_before_etcd_works(machine: Machine) -> None:
    """Its hook is completed once its own part is done; what it proves later is told by the signal."""
    node = machine.node
    assert run.boot(node) == 0
    (completed,) = node.aws.completed
    assert (completed["LifecycleHookName"], completed["LifecycleActionResult"]) == ("launch", "CONTINUE")
    asked = [operation for operation, _ in node.aws.requests]
    assert asked.index("attach_volume") < asked.index("complete_lifecycle_action")
    assert asked.index("complete_lifecycle_action") < asked.index("list_resource_record_sets")
    assert asked.index("complete_lifecycle_action") < asked.index("signal_resource")


def test_a_first_master_waits_for_the_others_names(machine: Machine) -> None:
    """They may be launched one after the other; a name looked up too early is unknown for long."""
    node = machine.node
    node.aws.records = {"etcd-b.ha.kubequorum.internal.": "10.20.9.9"}
    begin = node.clock.now()

    def third() -> None:
        if node.clock.now() > begin + 180:
            node.aws.records["etcd-c.ha.kubequorum.internal."] = "10.20.9.9"

    node.clock.on_sleep.append(third)
    assert run.boot(node) == 0
    assert node.clock.now() - begin > 180


def test_masters_that_are_created_again_need_each_other_too(machine: Machine) -> None:
    """The control plane was thrown away and comes back: its members have worked, without quorum."""
    node = machine.node
    node.host.write("/var/lib/etcd/data/member/wal/0.wal", "")
    assert run.boot(node) == 0
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["CONTINUE"]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", None])
def test_a_successor_is_held_until_it_has_proved_itself(
    machine: Machine, tmp_path: Path, status: str | None
) -> None:
    """The group must not count it before etcd has its vote back, and here it never gets it."""
    run.boot(machine.node)
    node = FakeNode(tmp_path / "successor")
    successor = Machine(node)
    node.aws.objects = machine.node.aws.objects
    del node.aws.resources["MasterAGroup"]
    if status is not None:
        node.aws.resources["MasterAGroup"] = status
    node.host.write("/var/lib/etcd/data/member/wal/0.wal", "")
    node.host.on(ETCDCTL, Result(1, "", "connection refused"))
    assert run.boot(successor.node) == run.GIVEN_UP_STATUS
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["ABANDON"]
    assert node.aws.unhealthy == []


def test_a_successor_serves_before_it_writes_what_all_masters_write(machine: Machine) -> None:
    """What belongs to the whole cluster is there from before: only the signal of an update waits for it."""
    node = machine.node
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    node.host.write("/var/lib/etcd/data/member/wal/0.wal", "")
    node.host.on(ETCDCTL, lambda command, _: endpoint_answer(command, leader=5))
    completed_before: list[int] = []

    def upload(*_: object) -> Result:
        completed_before.append(len(node.aws.completed))
        assert node.aws.signals == []
        return Result(0, "")

    node.host.on("/usr/local/bin/kubeadm init phase upload-config", upload)
    assert run.boot(node) == 0
    assert completed_before == [1]
    assert len(node.aws.completed) == 1
    assert "MasterAGroup" in [signal["LogicalResourceId"] for signal in node.aws.signals]


def test_a_master_that_fails_behind_its_hook_is_replaced(machine: Machine) -> None:
    """No launch is left to give up, so it reports itself unhealthy, once, and stays down."""
    node = machine.node
    node.host.on("/usr/local/bin/kubeadm init phase addon", Result(1, "", "disk on fire"))
    assert run.boot(node) == run.GIVEN_UP_STATUS
    assert [reported["HealthStatus"] for reported in node.aws.unhealthy] == ["Unhealthy"]
    assert [signal["Status"] for signal in node.aws.signals] == ["FAILURE"]
    assert run.boot(node) == run.GIVEN_UP_STATUS
    assert len(node.aws.unhealthy) == 1
