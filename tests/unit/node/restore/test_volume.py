"""Volumes that a restore replaces or uses: no quorum is needed, for nobody else must have their data."""

import pytest

from kubequorum_node.boot import etcd_volume
from kubequorum_node.etcd.membership import NoQuorumError
from kubequorum_node.host import Result
from kubequorum_node.restore.settle import settle
from kubequorum_node.volume import slot_volume
from kubequorum_node.volume.disk import FullError
from tests.unit.node.fakes import FakeNode
from tests.unit.node.restore.restoring import DATA, VOLUME, Backups, backups, keep_record, record_of, request
from tests.unit.node.simulation.node import LINK, SimulatedNode

__all__ = ["backups"]

NEW = "vol-0ff00000000000000"
NEW_LINK = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{NEW.replace('-', '')}"


@pytest.fixture
def lost(node: FakeNode, backups: Backups) -> FakeNode:
    """Every volume is gone, and so is the quorum."""
    node.aws.objects["pki/ca-set.json"] = b"{}"
    for slot in "bc":
        keep_record(node, slot)
    node.aws.volume["VolumeId"] = "vol-0another"
    node.host.path(DATA).unlink()
    link = node.host.path(NEW_LINK)
    link.parent.mkdir(parents=True)
    link.touch()
    return node


def test_without_a_request_nothing_is_created(lost: FakeNode) -> None:
    """As ever."""
    with pytest.raises(NoQuorumError):
        etcd_volume.attach(lost)
    assert lost.aws.made == {}


def test_with_one_a_new_volume_is_created_and_restored(lost: FakeNode) -> None:
    """The record names it, and the volume that it replaces."""
    request(lost)
    etcd_volume.attach(lost)
    settle(lost, slot_volume.resolved(lost))
    record = record_of(lost)
    assert (record.volume, record.replaces, record.restore) == (NEW, VOLUME.volume_id, 1)
    assert lost.host.read(DATA) == "restored from snapshot 1"


def test_a_request_while_it_waits_for_the_others(lost: FakeNode) -> None:
    """The master that waits creates the volume within seconds."""
    begin = lost.clock.now()

    def ask() -> None:
        if lost.clock.now() > begin + 20:
            request(lost)

    lost.clock.on_sleep.append(ask)
    etcd_volume.attach(lost)
    assert len(lost.aws.made) == 1
    assert lost.clock.now() < begin + 60


@pytest.fixture
def damaged(node: FakeNode, backups: Backups) -> FakeNode:
    """The file system of the slot's volume cannot be repaired, and there is no quorum."""
    machine = SimulatedNode(node)
    machine.has_file_system = True
    machine.etcd.quorum = False
    broken = Result(4, "", "UNEXPECTED INCONSISTENCY")
    node.host.on("fsck.ext4", lambda *_: None if node.host.ran("mkfs.ext4") else broken)
    node.host.path(LINK).touch()
    return node


def test_a_damaged_file_system_stays_without_a_request(damaged: FakeNode) -> None:
    """Somebody may still get data from it."""
    with pytest.raises(NoQuorumError):
        etcd_volume.mount(damaged, VOLUME)
    assert not damaged.host.ran("mkfs.ext4")


def test_a_damaged_file_system_is_created_again_for_a_restore(damaged: FakeNode) -> None:
    """What is on it cannot be used, and is not needed."""
    request(damaged)
    etcd_volume.mount(damaged, VOLUME)
    assert damaged.host.ran("mkfs.ext4")


def test_a_full_volume_can_be_restored_to(node: FakeNode, backups: Backups) -> None:
    """Its boot fails otherwise, before anything could make room."""
    SimulatedNode(node).has_file_system = True
    node.host.free_bytes = 20 << 20
    with pytest.raises(FullError, match="is full"):
        etcd_volume.mount(node, VOLUME)
    request(node)
    etcd_volume.mount(node, VOLUME)
