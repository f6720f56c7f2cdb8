"""Faults of the data of volumes that no machine has, on real loop devices and file systems."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.interfaces.machines import Volume
from emulator.machines.nspawn import MachineImage, ebs
from emulator.machines.nspawn.ebs import Volumes
from emulator.machines.nspawn.layout import StateFolder
from emulator.machines.nspawn.volume_faults import VolumeFaults, VolumeInUseError

VOLUME = Volume(volume_id="vol-1", size_gib=1, device="/dev/xvdf")
HOLDER = "i-1"


class Bench:
    """One volume with an ext4 file system, attached to a machine that does not exist."""

    def __init__(self, folder: Path) -> None:
        self.is_on = False
        self.state = StateFolder(folder)
        self.volumes = Volumes(self.state)
        self.faults = VolumeFaults(
            state=self.state, volumes=self.volumes, process_of=lambda _instance_id: 1 if self.is_on else None
        )
        self.volumes.attach(HOLDER, VOLUME)
        subprocess.run(["mkfs.ext4", "-q", str(self.device)], check=True)

    @property
    def device(self) -> Path:
        """The loop device."""
        holder = self.volumes.holder(VOLUME.volume_id)
        assert holder is not None
        return holder[1].loop

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """Its file system, mounted here."""
        folder = self.state.path / "mounted"
        folder.mkdir(exist_ok=True)
        subprocess.run(["mount", str(self.device), str(folder)], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def bench(image: MachineImage, tmp_path: Path) -> Iterator[Bench]:
    """One, removed with its loop device in the end; skipped where machines cannot run."""
    made = Bench(tmp_path)
    yield made
    made.volumes.release(HOLDER)
    ebs.remove_leftovers(made.state)


@pytest.mark.parametrize("attached", [True, False])
def test_corruption_hits_the_newest_file_at_the_given_place(bench: Bench, attached: bool) -> None:
    """So many bytes before the zeros at its end are others; its length and other files are as before."""
    content = bytes(range(1, 251)) * 40
    with bench.mounted() as folder:
        (folder / "member/wal").mkdir(parents=True)
        for number in range(2):
            (folder / f"member/wal/{number}.wal").write_bytes(content + bytes(50_000))
            subprocess.run(
                ["touch", "-d", f"2026-01-0{number + 1}", folder / f"member/wal/{number}.wal"], check=True
            )
    if not attached:
        bench.volumes.release(HOLDER)
    found = bench.faults.corrupt("vol-1", "**/wal/*.wal", at=0.5, length_bytes=100, seed=1)
    assert found == "member/wal/1.wal"
    if not attached:
        bench.volumes.attach(HOLDER, VOLUME)
    with bench.mounted() as folder:
        assert (folder / "member/wal/0.wal").read_bytes() == content + bytes(50_000)
        changed = (folder / found).read_bytes()
    assert len(changed) == len(content) + 50_000
    differing = [place for place, byte in enumerate(content) if changed[place] != byte]
    assert differing[0] in range(5000, 5003)
    assert differing[-1] in range(5097, 5100)
    assert changed[len(content) :] == bytes(50_000)
    with pytest.raises(LookupError, match="no-such"):
        bench.faults.corrupt("vol-1", "no-such/*", at=0.5, length_bytes=100, seed=1)


def test_a_text_is_altered_wherever_it_is(bench: Bench) -> None:
    """In the first file that has it; nothing else moves."""
    with bench.mounted() as folder:
        (folder / "member/snap").mkdir(parents=True)
        (folder / "member/snap/db").write_bytes(b"\0one\0two\0one\0" + bytes(5000))
        (folder / "member/snap/other").write_bytes(b"two")
    assert bench.faults.alter("vol-1", "**/snap/*", old="one", new="eno") == "member/snap/db"
    with bench.mounted() as folder:
        assert (folder / "member/snap/db").read_bytes() == b"\0eno\0two\0eno\0" + bytes(5000)
    with pytest.raises(LookupError, match="has 'three' in it"):
        bench.faults.alter("vol-1", "**/snap/*", old="three", new="eerht")
    with pytest.raises(ValueError, match="not as long"):
        bench.faults.alter("vol-1", "**/snap/*", old="two", new="four")


@pytest.mark.parametrize("attached", [True, False])
def test_a_wiped_volume_is_blank(bench: Bench, attached: bool) -> None:
    """Not one byte is left, and it has the size that it had."""
    if not attached:
        bench.volumes.release(HOLDER)
    bench.faults.wipe("vol-1")
    if not attached:
        bench.volumes.attach(HOLDER, VOLUME)
    compared = ["cmp", "--bytes", str(1 << 30), str(bench.device), "/dev/zero"]
    assert subprocess.run(compared, check=False).returncode == 0
    assert bench.state.volume("vol-1").stat().st_size == 1 << 30


def test_a_running_machine_keeps_its_data(bench: Bench) -> None:
    """While the machine that has it is on, a volume is not touched; an unknown one is refused, too."""
    bench.is_on = True
    with pytest.raises(VolumeInUseError, match=HOLDER):
        bench.faults.wipe("vol-1")
    with pytest.raises(VolumeInUseError, match=HOLDER):
        bench.faults.corrupt("vol-1", "*", at=0.5, length_bytes=1, seed=1)
    with pytest.raises(LookupError, match="vol-2"):
        bench.faults.wipe("vol-2")
    assert subprocess.run(["blkid", str(bench.device)], capture_output=True, check=False).returncode == 0


def test_nothing_fits_on_a_full_volume(bench: Bench) -> None:
    """Not one more block, until the space is given back."""
    with bench.mounted() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(VolumeFaults, "_mount_point", lambda _self, _volume_id: folder)
        taken = bench.faults.fill("vol-1", leave_bytes=0)
        assert taken > 800 << 20
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"x" * 8192)
        assert bench.faults.fill("vol-1", leave_bytes=0) == 0
        bench.faults.unfill("vol-1")
        (folder / "more").write_bytes(b"x" * 8192)
        assert bench.faults.fill("vol-1", leave_bytes=100 << 20) < taken - (80 << 20)
        (folder / "more").write_bytes(b"x" * (50 << 20))
