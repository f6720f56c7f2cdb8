"""Programs that are killed after a line: by the Python of the root that machines have; none has to boot."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.machines.nspawn import MachineImage, kill_at_line

PROGRAM = """
import sys
for step in ("first", "second", "third"):
    sys.stderr.write(f"{step} step: done\\n")
print("over")
"""


@pytest.fixture
def root(image: MachineImage, tmp_path: Path) -> Iterator[Path]:
    """A root of its own, over the one that machines have."""
    folders = [tmp_path / name for name in ("upper", "work", "root")]
    for folder in folders:
        folder.mkdir()
    layers = f"lowerdir={image.root},upperdir={folders[0]},workdir={folders[1]}"
    subprocess.run(["mount", "-t", "overlay", "test", "-o", layers, str(folders[2])], check=True)
    yield folders[2]
    subprocess.run(["umount", str(folders[2])], check=True)


def _run(root: Path, *options: str) -> tuple[int, str]:
    command = ["chroot", str(root), "/usr/bin/python3", *options, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_a_program_dies_once_for_each_line(root: Path) -> None:
    """What was printed before is there, nothing after it; with no line left a program ends as usual."""
    assert _run(root)[0] == 0
    for name, line in (("one", "first step: done"), ("two", "third step: done"), ("three", "never printed")):
        kill_at_line.arm(root, name, line)
    assert _run(root) == (-9, "first step: done\n")
    assert (kill_at_line.has_happened(root, "one"), kill_at_line.has_happened(root, "two")) == (True, False)
    status, said = _run(root, "-I")
    assert (status, said.splitlines()[-1]) == (-9, "third step: done")
    assert _run(root)[0] == 0
    assert kill_at_line.has_happened(root, "two")
    assert not kill_at_line.has_happened(root, "three")


def test_other_machines_are_not_changed(root: Path) -> None:
    """A machine without the fault has none of its files."""
    assert list(root.glob("usr/lib/python3/dist-packages/fault_kill_at_line*")) == []
    kill_at_line.arm(root, "one", "line")
    assert len(list(root.glob("usr/lib/python3/dist-packages/fault_kill_at_line*"))) == 2
