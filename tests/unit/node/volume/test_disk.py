"""The slot's volume as the watchdog and a boot see it."""

import errno
import os
import threading
from pathlib import Path

import pytest

from kubequorum_node.volume import disk
from kubequorum_node.volume.disk import DiskError, DiskProbe
from kubequorum_node.volume.member_data import QUARANTINE_FOLDER
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

VOLUME = SlotVolume(volume_id=examples.CONFIG.etcd_volume_id, slot="a")


@pytest.fixture
def mounted(node: FakeNode) -> FakeNode:
    """A master whose volume is mounted."""
    node.host.path("/var/lib/etcd/data").mkdir(parents=True)
    node.host.mounts.add("/var/lib/etcd")
    return node


def _fail_writing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)


def test_a_volume_that_accepts_writes_has_no_trouble(mounted: FakeNode) -> None:
    """Its space is measured."""
    found = DiskProbe(mounted).look()
    assert found.trouble == ""
    assert found.space is not None
    assert not found.is_full
    disk.require_room(mounted, VOLUME)


def test_a_volume_that_is_not_mounted_cannot_be_used(node: FakeNode) -> None:
    """Without it etcd would write to the root volume."""
    assert "not mounted" in DiskProbe(node).look().trouble
    with pytest.raises(DiskError, match="not mounted"):
        disk.require_room(node, VOLUME)


@pytest.mark.parametrize(("number", "named"), [(errno.EROFS, "read-only"), (errno.EIO, "I/O error")])
def test_a_volume_that_cannot_be_written(
    mounted: FakeNode, monkeypatch: pytest.MonkeyPatch, number: int, named: str
) -> None:
    """Neither read-only nor failing means full."""
    _fail_writing(monkeypatch, number)
    found = DiskProbe(mounted).look()
    assert named in found.trouble
    assert not found.is_full


def test_a_write_without_room_is_a_full_disk(mounted: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file system says of its free space."""
    _fail_writing(monkeypatch, errno.ENOSPC)
    found = DiskProbe(mounted).look()
    assert found.is_full
    assert found.has_no_room
    assert found.trouble == ""


def test_a_volume_is_full_before_writes_fail(mounted: FakeNode) -> None:
    """Etcd exits when it cannot preallocate a file of its log."""
    mounted.host.free_bytes = 200 << 20
    found = DiskProbe(mounted).look()
    assert found.is_full
    assert not found.has_no_room
    disk.require_room(mounted, VOLUME)


def test_a_volume_that_hangs_blocks_nobody(mounted: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is probed once, and not again before that has ended."""
    gate = threading.Event()
    asked: list[int] = []

    def stall(_: int) -> None:
        asked.append(1)
        gate.wait(20)

    monkeypatch.setattr(os, "fsync", stall)
    probe = DiskProbe(mounted)
    try:
        for _ in range(3):
            assert "has not ended within" in probe.look(patience=0.01).trouble
        assert len(asked) <= 1
    finally:
        gate.set()
    assert probe.look().trouble == ""


def test_a_boot_on_a_full_volume_fails_with_the_remedy(mounted: FakeNode) -> None:
    """Before etcd does, in a crash loop."""
    mounted.host.free_bytes = 20 << 20
    with pytest.raises(DiskError, match=r"vol-0123456789abcdef0 of slot a is full: 20 of .*size_gib"):
        disk.require_room(mounted, VOLUME)


def test_a_boot_deletes_what_is_quarantined(mounted: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its space may be all that is missing."""
    mounted.host.path(f"{QUARANTINE_FOLDER}/member").mkdir(parents=True)
    mounted.host.free_bytes = 20 << 20

    def drop(node: FakeNode) -> bool:
        node.host.free_bytes = None
        return True

    monkeypatch.setattr("kubequorum_node.volume.member_data.drop_quarantine", drop)
    disk.require_room(mounted, VOLUME)


def test_the_probe_has_its_own_file(mounted: FakeNode, tmp_path: Path) -> None:
    """Beside etcd's data, never among them."""
    DiskProbe(mounted).look()
    assert list((tmp_path / "var/lib/etcd/data").iterdir()) == []
