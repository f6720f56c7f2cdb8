"""A boot that fails: what is reported, where, and what it leaves alone."""

from pathlib import Path
from threading import Event

import pytest

from kubequorum_node.boot import run
from kubequorum_node.boot.order import Parallel
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Result
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from kubequorum_node.system import boot_lock
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node.boot.booting import master, surroundings
from tests.unit.node.fakes import FakeMetadata, FakeNode
from tests.unit.node.simulation.node import RECORD, SimulatedNode

__all__ = ["master", "surroundings"]


def test_a_failed_boot_is_reported_everywhere(
    master: SimulatedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Console, slot record, stack; then the launch is abandoned, with its own exit status."""
    node = master.node
    node.host.on("/usr/local/bin/kubeadm init phase etcd local", Result(1, "", "disk on fire"))
    assert run.boot(node) == run.ABANDONED_STATUS
    assert "BOOT FAILED" in capsys.readouterr().err
    record = SlotRecord.from_json(node.aws.objects[RECORD].decode())
    assert "disk on fire" in record.outcome
    (signal,) = node.aws.signals
    assert signal["Status"] == "FAILURE"
    assert signal["UniqueId"].startswith("i-0123456789abcdef0 `/usr/local/bin/kubeadm")
    assert [done["LifecycleActionResult"] for done in node.aws.completed] == ["ABANDON"]


@pytest.mark.parametrize("pod", ["kube-controller-manager", "kube-scheduler"])
def test_a_release_whose_controllers_cannot_run_ends_with_its_first_master(
    master: SimulatedNode, pod: str
) -> None:
    """The API works, and without them nothing is scheduled any more: the update must not go on."""
    master.pods.crashing.add(pod)
    assert run.boot(master.node) == run.ABANDONED_STATUS
    (signal,) = master.node.aws.signals
    assert signal["Status"] == "FAILURE"
    assert f"{pod} not healthy" in signal["UniqueId"] or f"{pod} not healthy" in master.record().outcome


def test_a_report_that_fails_does_not_prevent_the_others(master: SimulatedNode) -> None:
    """S3 fails, and the boot with it: the stack is still signalled."""
    node = master.node
    node.aws.fail("get_object", "InternalError", times=50)
    assert run.boot(node) == run.ABANDONED_STATUS
    assert node.aws.signals[0]["Status"] == "FAILURE"


def test_a_failure_in_one_lane_does_not_wait_for_the_others(master: SimulatedNode) -> None:
    """A checksum is wrong while another instance still has the volume: that may take many minutes."""
    never = Event()
    node = master.node

    def wait(_: Node) -> None:
        never.wait(60)

    def fail(_: Node) -> None:
        raise NodeError("bad checksum")

    try:
        with pytest.raises(NodeError, match="bad checksum"):
            run.run(node, [Parallel(([Step("slow", "", wait)], [Step("broken", "", fail)]))])
    finally:
        never.set()


def test_the_wrong_zone_fails_the_boot_before_anything_changes(tmp_path: Path) -> None:
    """Both zones are in the reason that the stack gets to see."""
    node = FakeNode(tmp_path, metadata=FakeMetadata(zone="eu-central-1b"))
    SimulatedNode(node)
    assert run.boot(node) == run.ABANDONED_STATUS
    assert not node.aws.asked("attach_volume")
    assert not node.aws.asked("change_resource_record_sets")


def test_two_boots_do_not_run_at_the_same_time(master: SimulatedNode) -> None:
    """The unit's and a person's: the second one ends, and abandons no launch."""
    node = master.node
    with boot_lock.held(node), pytest.raises(NodeError, match="another boot or repair is running"):
        run.boot(node)
    assert node.aws.requests == []


def test_a_host_without_systemd_is_refused(node: FakeNode) -> None:
    """It could run none of the units; the message says what would."""
    with pytest.raises(NodeError, match="KUBEQUORUM_SUPERVISOR=process"):
        run.boot(node)
    assert node.aws.requests == []


def test_an_injected_fault_fails_its_step_and_no_other(
    master: SimulatedNode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The launch fails as it would of itself, and the log says where the fault comes from."""
    monkeypatch.setenv("KUBEQUORUM_FAIL_STEP", "prove-health")
    assert run.boot(master.node) == run.ABANDONED_STATUS
    logged = capsys.readouterr().err
    assert "error: prove-health: FAILED" in logged
    assert "KUBEQUORUM_FAIL_STEP=prove-health" in logged
    assert "configure-cluster: done" in logged
