"""What a master stops in a termination: its static pods, and its hold on the volume."""

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.termination import order, static_pods
from kubequorum_node.volume import detachment, filesystem
from kubequorum_node.volume.attachment import VolumeError
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.simulation.node import SimulatedNode

VOLUME = SlotVolume(volume_id=examples.CONFIG.etcd_volume_id, slot="a")


def test_a_pod_that_the_kubelet_does_not_stop_is_stopped_without_it(master: SimulatedNode) -> None:
    """It hangs, or its pod does."""
    master.pods.stuck = {"kube-apiserver"}
    static_pods.stop_all(master.node)
    assert master.pods.running == set()
    assert master.log.index("kube-apiserver stopped") < master.log.index("etcd stopped")


def test_pods_are_stopped_where_no_kubelet_runs(master: SimulatedNode) -> None:
    """A boot that failed may never have started it: it is not waited for."""
    master.pods.kubelet_runs = False
    begin = master.node.clock.now()
    static_pods.stop_all(master.node)
    assert master.pods.running == set()
    assert master.node.clock.now() == begin


def test_the_kubelet_continues(master: SimulatedNode) -> None:
    """A successor takes its answers as proof that this host works, and waits for it."""
    order.terminate(master.node)
    assert not [line for line in master.node.host.ran("systemctl stop") if "kubelet" in line]


def test_a_volume_that_is_in_use_is_neither_unmounted_nor_detached(master: SimulatedNode) -> None:
    """EC2 would wait for the end of the mount; the end of the instance does both."""
    with pytest.raises(WaitError, match="busy"):
        filesystem.unmount(master.node)
    with pytest.raises(VolumeError, match="still mounted"):
        detachment.detach(master.node, VOLUME)
    assert not master.node.aws.asked("detach_volume")


def test_a_volume_that_is_elsewhere_is_left_alone(master: SimulatedNode) -> None:
    """A successor has it already."""
    master.node.host.mounts.clear()
    master.node.aws.volume["Attachments"] = [{"InstanceId": "i-0bbbbbbbbbbbbbbbb", "State": "attached"}]
    detachment.detach(master.node, VOLUME)
    assert not master.node.aws.asked("detach_volume")
