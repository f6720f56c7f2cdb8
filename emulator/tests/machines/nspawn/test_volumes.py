"""EBS volumes on real machines: devices, data that moves with them, and power loss."""

import pytest

from emulator.interfaces.machines import Volume
from emulator.machines.nspawn.ebs import VolumeBusyError
from emulator.tests.machines.nspawn.conftest import Bench
from emulator.tests.machines.nspawn.stand_ins import node

VOLUME = Volume(volume_id="vol-0123456789abcdef0", size_gib=4, device="/dev/xvdf")
DEVICE = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"
MOUNT = f"mkdir -p /data && mount {DEVICE} /data"


def test_a_volume_moves_with_its_data(bench: Bench) -> None:
    """It comes blank, under its by-id name, and what one machine wrote the next one reads."""
    one, other = bench.launch(node(7)), bench.launch(node(8))
    bench.machines.attach_volume(one, VOLUME)
    assert bench.sh(one, f"realpath {DEVICE}; blkid {DEVICE} || echo blank") == "/dev/nvme1n1\nblank"
    assert bench.sh(one, f"blockdev --getsize64 {DEVICE}") == str(4 << 30)
    assert bench.sh(one, f"mkfs.ext4 -q {DEVICE} && {MOUNT} && echo mine > /data/file && umount /data") == ""
    bench.machines.detach_volume(one, VOLUME.volume_id, force=False)
    assert bench.sh(one, f"ls {DEVICE} /dev/nvme1n1 2>/dev/null") == ""
    bench.machines.attach_volume(other, VOLUME)
    assert bench.sh(other, f"{MOUNT} && cat /data/file") == "mine"


def test_a_mounted_volume_stays_until_it_is_unmounted(bench: Bench) -> None:
    """A detach without force fails while the machine uses the volume, and then says what to do."""
    one = bench.launch(node(7))
    bench.machines.attach_volume(one, VOLUME)
    bench.sh(one, f"mkfs.ext4 -q {DEVICE} && {MOUNT}")
    with pytest.raises(VolumeBusyError, match="unmount /dev/nvme1n1 there"):
        bench.machines.detach_volume(one, VOLUME.volume_id, force=False)
    assert bench.sh(one, "echo still > /data/file && cat /data/file") == "still"
    bench.sh(one, "umount /data")
    bench.machines.detach_volume(one, VOLUME.volume_id, force=False)


def test_a_forced_detach_fences_the_old_machine(bench: Bench) -> None:
    """The old one, with a file open, can write no more; the new one has what was synced, and writes alone."""
    one, other = bench.launch(node(7)), bench.launch(node(8))
    bench.machines.attach_volume(one, VOLUME)
    bench.sh(one, f"mkfs.ext4 -q {DEVICE} && {MOUNT} && echo kept > /data/file && sync")
    bench.sh(
        one, "systemd-run -q --unit=writer sh -c 'while sleep 0.01; do date +%N >> /data/log || exit 7; done'"
    )
    bench.until(lambda: bench.sh(one, "test -s /data/log && echo yes") == "yes", "no writer")
    bench.machines.detach_volume(one, VOLUME.volume_id, force=True)
    bench.machines.attach_volume(other, VOLUME)
    assert bench.sh(other, f"{MOUNT} && cat /data/file") == "kept"
    size = bench.sh(other, "stat -c %s /data/log 2>/dev/null || echo 0")
    bench.until(lambda: bench.sh(one, "systemctl is-active writer") != "active", "it writes on")
    assert bench.sh(other, "stat -c %s /data/log 2>/dev/null || echo 0") == size
    assert bench.sh(other, f"umount /data && e2fsck -fn {DEVICE} &> /dev/null; echo $?") == "0"


def test_power_loss_loses_what_was_not_synced_and_nothing_else(bench: Bench) -> None:
    """What fsync promised is there after the next boot; what was only written is not."""
    one = bench.launch(node(7))
    bench.machines.attach_volume(one, VOLUME)
    bench.sh(one, f"mkfs.ext4 -q {DEVICE} && {MOUNT} && sync")
    bench.sh(one, "cd /data && echo promised > synced && sync synced && sync -d . && echo hoped > written")
    assert bench.sh(one, "cat /data/synced /data/written") == "promised\nhoped"
    bench.machines.faults.power_loss(one)
    bench.machines.start(one)
    bench.booted(one)
    assert (
        bench.sh(one, f"{MOUNT}; cat /data/synced; cat /data/written 2>/dev/null || echo lost")
        == "promised\nlost"
    )


def test_powering_off_loses_nothing(bench: Bench) -> None:
    """The counterpart of the test before: without power loss the same write is there afterwards."""
    one = bench.launch(node(7))
    bench.machines.attach_volume(one, VOLUME)
    bench.sh(one, f"mkfs.ext4 -q {DEVICE} && {MOUNT} && echo hoped > /data/written")
    bench.machines.reboot(one)
    bench.booted(one)
    assert bench.sh(one, f"{MOUNT}; cat /data/written") == "hoped"


def test_volumes_stay_with_a_machine_over_a_stop(bench: Bench) -> None:
    """A volume attached while the machine is off is there after the start, as one from before is."""
    one = bench.launch(node(7))
    bench.machines.attach_volume(one, VOLUME)
    bench.machines.stop(one)
    bench.machines.attach_volume(one, Volume(volume_id="vol-2", size_gib=1, device="/dev/xvdg"))
    bench.machines.start(one)
    bench.booted(one)
    assert bench.sh(one, "ls /dev/disk/by-id").splitlines() == [
        "nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0",
        "nvme-Amazon_Elastic_Block_Store_vol2",
    ]


def test_a_volume_is_attached_to_one_machine_only(bench: Bench) -> None:
    """A second attachment is refused and names the holder; deleting forgets the data."""
    one, other = bench.launch(node(7)), bench.launch(node(8))
    bench.machines.attach_volume(one, VOLUME)
    with pytest.raises(RuntimeError, match=f"attached to {one}"):
        bench.machines.attach_volume(other, VOLUME)
    bench.sh(one, f"mkfs.ext4 -q {DEVICE}")
    bench.machines.terminate(one)
    bench.machines.delete_volume(VOLUME.volume_id)
    bench.machines.attach_volume(other, VOLUME)
    assert bench.sh(other, f"blkid {DEVICE} || echo blank") == "blank"
