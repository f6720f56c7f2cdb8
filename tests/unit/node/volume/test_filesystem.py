"""What happens to a volume, depending on what is on it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from kubequorum_node.boot import etcd_volume
from kubequorum_node.etcd.membership import NoQuorumError
from kubequorum_node.host import Host, Result
from kubequorum_node.volume import filesystem
from kubequorum_node.volume.filesystem import DamagedError, FileSystemError
from kubequorum_node.volume.slot_record import JOINING, MEMBER, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

VOLUME = SlotVolume(volume_id=examples.CONFIG.etcd_volume_id, slot="a")
DEVICE = VOLUME.device
QUIET = ("mkfs.ext4", "mount", "resize2fs", "fsck.ext4")
BLANK = Result(2, "")
EXT4 = Result(0, "DEVNAME=/dev/nvme1n1\nLABEL=etcd-a\nTYPE=ext4\nUSAGE=filesystem\n")


@pytest.fixture(autouse=True)
def programs(node: FakeNode) -> None:
    """Everything succeeds; a test says what is on the volume."""
    for name in QUIET:
        node.host.on(name, None)


def _mount(node: FakeNode, probed: Result) -> None:
    node.host.on("blkid", probed)
    filesystem.mount(node, VOLUME)


def test_a_blank_volume_gets_a_file_system(node: FakeNode) -> None:
    """Created and mounted, with a private folder for etcd below the root of the file system."""
    _mount(node, BLANK)
    assert node.host.ran("mkfs.ext4") == [f"mkfs.ext4 -q -m 0 -L etcd-a {DEVICE}"]
    assert node.host.ran("mount") == [f"mount -t ext4 -o noatime,nodev,nosuid,noexec {DEVICE} /var/lib/etcd"]
    assert node.host.path("/var/lib/etcd/data").stat().st_mode & 0o777 == 0o700


def test_a_volume_that_was_used_before_is_checked_grown_and_never_formatted(node: FakeNode) -> None:
    """The data are what all this is about."""
    _mount(node, EXT4)
    assert not node.host.ran("mkfs")
    assert [line.split()[0] for line in map(" ".join, node.host.commands)] == [
        "blkid",
        "fsck.ext4",
        "mount",
        "resize2fs",
    ]


@pytest.mark.parametrize(
    ("probed", "named"),
    [
        (Result(0, "TYPE=xfs\n"), "xfs"),
        (Result(0, "PTTYPE=gpt\n"), r"a partition table \(gpt\)"),
        (Result(0, "TYPE=LVM2_member\n"), "LVM2_member"),
    ],
)
def test_anything_else_is_not_touched(node: FakeNode, probed: Result, named: str) -> None:
    """The message names what is there, and nothing is written."""
    with pytest.raises(FileSystemError, match=rf"slot a holds {named}, not ext4"):
        _mount(node, probed)
    assert not node.host.ran("mkfs")
    assert not node.host.ran("mount")


@pytest.mark.parametrize(
    "probed", [Result(8, "", "ambivalent result"), Result(4, "", "usage"), Result(0, "")]
)
def test_what_cannot_be_identified_is_not_blank(node: FakeNode, probed: Result) -> None:
    """Only blkid's own "nothing found" counts: an error must not lead to a new file system."""
    with pytest.raises(FileSystemError, match="cannot be identified"):
        _mount(node, probed)
    assert not node.host.ran("mkfs")


def test_a_damaged_file_system_is_not_mounted(node: FakeNode) -> None:
    """What fsck cannot repair by itself is not made worse."""
    node.host.on("fsck.ext4", Result(4, "UNEXPECTED INCONSISTENCY"))
    with pytest.raises(DamagedError, match=r"damaged .*status 4.*UNEXPECTED INCONSISTENCY"):
        _mount(node, EXT4)
    assert not node.host.ran("mount")


@pytest.mark.parametrize("status", [8, 12, 16, 32])
def test_a_check_that_could_not_be_made_proves_no_damage(node: FakeNode, status: int) -> None:
    """For example of a device that cannot be read: it is not touched."""
    node.host.on("fsck.ext4", Result(status, "", "Input/output error"))
    with pytest.raises(FileSystemError, match="could not be checked") as raised:
        _mount(node, EXT4)
    assert not isinstance(raised.value, DamagedError)


@pytest.fixture
def damaged(node: FakeNode) -> SimulatedEtcd:
    """A volume whose file system is damaged, in a cluster that has lived."""
    link = node.host.path(DEVICE)
    link.parent.mkdir(parents=True)
    link.touch()
    record = SlotRecord(volume=examples.CONFIG.etcd_volume_id, generation=1, instance="i-0", stage=MEMBER)
    node.aws.objects["slots/a/record.json"] = record.to_json().encode()
    node.host.on("blkid", EXT4)
    node.host.on("fsck.ext4", lambda *_: Result(0, "") if node.host.ran("mkfs") else Result(4, "BAD"))
    node.host.on("mount", lambda *_: node.host.mounts.add("/var/lib/etcd"))
    return SimulatedEtcd(node)


def test_a_damaged_file_system_is_recreated_if_the_others_have_the_data(
    node: FakeNode, damaged: SimulatedEtcd
) -> None:
    """The record says first that the member joins again: a crash after that loses nothing."""
    stages: list[str] = []

    def make(*_: object) -> None:
        text = node.aws.objects["slots/a/record.json"].decode()
        stages.append(SlotRecord.from_json(text).stage)

    node.host.on("mkfs.ext4 -F -F", make)
    etcd_volume.mount(node, VOLUME)
    assert stages == [JOINING]
    assert node.host.is_mount_point("/var/lib/etcd")


def test_a_damaged_file_system_is_not_touched_without_a_quorum(
    node: FakeNode, damaged: SimulatedEtcd
) -> None:
    """What is on it may be all there is: a person must look."""
    damaged.quorum = False
    with pytest.raises(NoQuorumError, match=r"slot a is damaged.*no quorum"):
        etcd_volume.mount(node, VOLUME)
    assert not node.host.ran("mkfs")


def test_a_file_system_that_fsck_repaired_is_mounted(node: FakeNode) -> None:
    """Status 1: errors were corrected."""
    node.host.on("fsck.ext4", Result(1, "recovering journal"))
    _mount(node, EXT4)
    assert node.host.ran("mount")


def test_a_mounted_volume_stays_mounted(node: FakeNode) -> None:
    """A repeated boot does not check or mount it again, but the file system may still grow."""
    node.host.mounts.add("/var/lib/etcd")
    node.host.path("/var/lib/etcd").mkdir(parents=True)
    node.host.on("findmnt", DEVICE)
    filesystem.mount(node, VOLUME)
    assert not node.host.ran("mount")
    assert node.host.ran("resize2fs")


def test_another_device_on_the_mount_point_is_refused(node: FakeNode) -> None:
    """Whatever it is, it is not the slot's volume."""
    node.host.mounts.add("/var/lib/etcd")
    node.host.on("findmnt", "/dev/nvme2n1")
    with pytest.raises(FileSystemError, match=r"/dev/nvme2n1 is mounted on /var/lib/etcd"):
        filesystem.mount(node, VOLUME)


def test_a_wal_shows_that_etcd_has_written(node: FakeNode) -> None:
    """An empty data folder has no data, nor has one that etcd has only begun to create."""
    assert not filesystem.has_wal(node)
    wal = node.host.path("/var/lib/etcd/data/member/wal")
    wal.mkdir(parents=True)
    (wal / "0.tmp").touch()
    assert not filesystem.has_wal(node)
    (wal / "0000000000000000-0000000000000000.wal").touch()
    assert filesystem.has_wal(node)


@pytest.mark.skipif(
    not shutil.which("mkfs.ext4") or not shutil.which("blkid"), reason="needs e2fsprogs, blkid"
)
def test_the_real_blkid_tells_blank_from_ext4_and_swap(node: FakeNode, tmp_path: Path) -> None:
    """Three images, probed by the real program through the real boundary."""
    found = {}
    for name, make in {"blank": [], "ext4": ["mkfs.ext4", "-q"], "swap": ["mkswap"]}.items():
        image = tmp_path / name
        with image.open("wb") as file:
            file.truncate(16 << 20)
        if make:
            subprocess.run([*make, str(image)], check=True, capture_output=True)
        node.host = Host()  # type: ignore[assignment]
        found[name] = filesystem.kind(node, str(image))
    assert found == {"blank": None, "ext4": "ext4", "swap": "swap"}
