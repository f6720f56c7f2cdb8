"""Masters whose group is being created: none of them may keep the others from being created."""

from dataclasses import replace
from pathlib import Path

import pytest

from kubequorum_node.boot import run
from kubequorum_node.host import Result
from kubequorum_node.volume.slot_record import FORMING, SlotRecord
from tests.unit.node.boot.booting import surroundings
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode

__all__ = ["surroundings"]

OTHERS = "slots/c/record.json"


@pytest.fixture
def master(node: FakeNode) -> SimulatedNode:
    """A master in slot a, whose group is complete, and etcd has a quorum, only when its launch hook is."""
    master = SimulatedNode(node)
    node.aws.resources["MasterAGroup"] = "CREATE_IN_PROGRESS"
    master.etcd.quorum, master.etcd.leader = False, None

    def others_come() -> None:
        if node.aws.resources["MasterAGroup"] == "CREATE_IN_PROGRESS":
            node.aws.resources["MasterAGroup"] = "CREATE_COMPLETE"
        master.etcd.quorum, master.etcd.leader = True, "b"

    node.aws.first("complete_lifecycle_action", others_come)
    return master


def test_a_first_master_completes_its_hook_before_etcd_works(master: SimulatedNode) -> None:
    """Its hook is completed once its own part is done; its signal proves its health later."""
    node = master.node
    assert run.boot(node) == 0
    (completed,) = node.aws.completed
    assert (completed["LifecycleHookName"], completed["LifecycleActionResult"]) == ("launch", "CONTINUE")
    asked = [operation for operation, _ in node.aws.requests]
    assert asked.index("attach_volume") < asked.index("complete_lifecycle_action")
    looked = next(
        number
        for number, (operation, parameters) in enumerate(node.aws.requests)
        if operation == "get_object" and parameters["Key"] == OTHERS
    )
    assert asked.index("complete_lifecycle_action") < looked
    assert asked.index("complete_lifecycle_action") < asked.index("signal_resource")


def test_a_first_master_waits_for_the_others_names(master: SimulatedNode) -> None:
    """They may be launched one after the other; a name looked up too early is unknown for long."""
    node = master.node
    forming = SlotRecord(volume="vol-c", generation=1, instance="i-c", stage=FORMING)
    node.aws.objects[OTHERS] = forming.to_json().encode()
    begin = node.clock.now()
    announced: list[bool] = []

    def third() -> None:
        if node.clock.now() > begin + 180:
            node.aws.objects[OTHERS] = replace(forming, name_known=True).to_json().encode()
            # The third waits for this one as well.
            announced.append(master.record().name_known)

    node.clock.on_sleep.append(third)
    assert run.boot(node) == 0
    assert node.clock.now() - begin > 180
    assert announced[0]


def test_masters_that_are_created_again_need_each_other_too(master: SimulatedNode) -> None:
    """The control plane was thrown away and comes back: its members have worked, without quorum."""
    node = master.node
    master.put_data()
    assert run.boot(node) == 0
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["CONTINUE"]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS", None])
def test_a_successor_is_held_until_its_health_is_proved(
    master: SimulatedNode, tmp_path: Path, status: str | None
) -> None:
    """The group must not count it before etcd has its vote back, and here it never gets it."""
    run.boot(master.node)
    node = FakeNode(tmp_path / "successor")
    successor = SimulatedNode(node)
    node.aws.objects = master.node.aws.objects
    del node.aws.resources["MasterAGroup"]
    if status is not None:
        node.aws.resources["MasterAGroup"] = status
    successor.put_data()
    successor.etcd.down = set("abc")
    assert run.boot(successor.node) == run.ABANDONED_STATUS
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["ABANDON"]
    assert node.aws.unhealthy == []


def test_a_successor_serves_before_it_writes_what_all_masters_write(master: SimulatedNode) -> None:
    """What belongs to the whole cluster is there from before: only the signal of an update waits for it."""
    node = master.node
    node.aws.resources["MasterAGroup"] = "UPDATE_IN_PROGRESS"
    master.put_data()
    master.etcd.quorum, master.etcd.leader = True, "b"
    completed_before: list[int] = []

    def upload(*_: object) -> Result:
        completed_before.append(len(node.aws.completed))
        assert node.aws.signals == []
        master.shared_version = node.document.kubernetes_version
        return Result(0, "")

    node.host.on("/usr/local/bin/kubeadm init phase upload-config", upload)
    assert run.boot(node) == 0
    assert completed_before == [1]
    assert len(node.aws.completed) == 1
    assert "MasterAGroup" in [signal["LogicalResourceId"] for signal in node.aws.signals]


def test_a_master_that_fails_after_its_hook_is_replaced(master: SimulatedNode) -> None:
    """No launch is left to abandon, so it reports itself unhealthy, once, and stays down."""
    node = master.node
    node.host.on("/usr/local/bin/kubeadm init phase addon", Result(1, "", "disk on fire"))
    assert run.boot(node) == run.ABANDONED_STATUS
    assert [reported["HealthStatus"] for reported in node.aws.unhealthy] == ["Unhealthy"]
    assert [signal["Status"] for signal in node.aws.signals] == ["FAILURE"]
    assert run.boot(node) == run.ABANDONED_STATUS
    assert len(node.aws.unhealthy) == 1
