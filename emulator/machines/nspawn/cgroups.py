"""Control groups of machines: fresh for each boot, in every hierarchy that the kernel has mounted.

On a hybrid system (version 1 controllers beside an empty version 2 tree) a
machine gets a group in each of them, elsewhere one in version 2. Freezing and
killing go through version 2, where every process of the machine is.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emulator.machines.nspawn.naming import Names

_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.01
_REMOVAL_TRIES = 200


class CgroupBusyError(RuntimeError):
    """Processes of a group did not end."""


@dataclass(frozen=True)
class Hierarchies:
    """The mounted hierarchies."""

    version_2: Path
    version_1: tuple[Path, ...]

    @property
    def is_hybrid(self) -> bool:
        """Whether controllers are in version 1."""
        return bool(self.version_1)

    def all(self) -> tuple[Path, ...]:
        """The roots of all hierarchies."""
        return (*self.version_1, self.version_2)


@cache
def hierarchies() -> Hierarchies:
    """Find what is mounted.

    Raises:
        RuntimeError: there is no version 2 hierarchy.
    """
    version_1, version_2 = [], []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        kind = rest.split(" ", 1)[0]
        where = Path(fields.split(" ")[4])
        if kind == "cgroup":
            version_1.append(where)
        elif kind == "cgroup2":
            version_2.append(where)
    if not version_2:
        raise RuntimeError("no cgroup version 2 hierarchy is mounted; mount one at /sys/fs/cgroup/unified")
    return Hierarchies(version_2=version_2[0], version_1=tuple(version_1))


class Cgroup:
    """The groups of one boot of a machine."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._base = hierarchies().version_2 / name

    def create(self) -> None:
        """Make the groups; FileExistsError if the name was used before and is still there."""
        for folder in self.folders:
            folder.mkdir()
            if (folder / "cpuset.cpus").exists() and folder != self._base:
                # A version 1 cpuset takes no process before it has processors and memory nodes.
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (folder / name).write_text((folder.parent / name).read_text())
                (folder / "cgroup.clone_children").write_text("1")

    @property
    def folders(self) -> list[Path]:
        """All folders; a process joins by writing its id into the cgroup.procs of each."""
        return [root / self.name for root in hierarchies().all()]

    def freeze(self) -> None:
        """Stop all processes where they are; returns when they are."""
        self._set_frozen("1")

    def thaw(self) -> None:
        """Let them continue."""
        self._set_frozen("0")

    def kill(self) -> None:
        """SIGKILL to all at once; returns when none is left.

        Raises:
            CgroupBusyError: some are still there after 20 seconds.
        """
        with contextlib.suppress(FileNotFoundError):
            (self._base / "cgroup.kill").write_text("1")
            self._wait_for("populated 0")

    def remove(self) -> None:
        """Remove the folders, which must have no processes; safe to repeat."""
        for folder in self.folders:
            for path, _, _ in os.walk(folder, topdown=False):
                _remove(Path(path))

    def processes(self) -> list[int]:
        """The ids of all processes in it."""
        found = []
        for path, _, _ in os.walk(self._base):
            with contextlib.suppress(OSError):
                found += [int(pid) for pid in (Path(path) / "cgroup.procs").read_text().split()]
        return found

    def _set_frozen(self, digit: str) -> None:
        (self._base / "cgroup.freeze").write_text(digit)
        self._wait_for(f"frozen {digit}")

    def _wait_for(self, line: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while line not in (self._base / "cgroup.events").read_text().splitlines():
            if time.monotonic() > deadline:
                raise CgroupBusyError(
                    f"cgroup {self._base} does not say `{line}` after {_PATIENCE_SECONDS:.0f} s; "
                    f"its processes are {self.processes()}"
                )
            time.sleep(_POLL_SECONDS)


def ours(names: Names) -> list[Cgroup]:
    """The groups of a state folder that exist, of this run or an earlier one."""
    found = {
        entry.name for root in hierarchies().all() for entry in root.iterdir() if names.is_ours(entry.name)
    }
    return [Cgroup(name) for name in sorted(found)]


def _remove(folder: Path) -> None:
    for _ in range(_REMOVAL_TRIES):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            # A version 1 group is empty a moment after its last process is gone.
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise CgroupBusyError(f"cgroup {folder} cannot be removed: it still has processes or groups in it")
