"""Ownership of a state folder, and the removal of what an owner that died left behind."""

import fcntl
import os
import shutil
import time
from pathlib import Path

from emulator.faults import channel
from emulator.machines.process.layout import MachineFolder, StateFolder
from emulator.machines.process.machine import GRACE_SECONDS
from emulator.processes import ProcessRecord, end_strays

_POLL_SECONDS = 0.05


class StateInUseError(RuntimeError):
    """Another emulator owns the state folder."""


class Ownership:
    """Holds a state folder for this process; the operating system releases it even after a kill."""

    def __init__(self, state: StateFolder, *, patience_seconds: float = 0.0) -> None:
        """Take the folder, making it if needed; StateInUseError if another process has it."""
        state.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(state.lock, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience_seconds
        while not self._locked():
            if time.monotonic() >= deadline:
                os.close(self._file)
                raise StateInUseError(
                    f"the machines in {state.path} belong to an emulator that is running: "
                    "stop that one first, or use another state folder"
                )
            time.sleep(_POLL_SECONDS)

    def _locked(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release it; safe to repeat."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def remove_leftovers(state_dir: Path, *, patience_seconds: float = 0.0) -> int:
    """End the machines and remove the folders of an emulator that did not shut down gracefully.

    Returns how many machines there were. StateInUseError if it is still running after `patience_seconds`: a
    killed process releases what it had a little later than it disappears.
    """
    state = StateFolder(state_dir.absolute())
    if not state.path.exists():
        return 0
    ownership = Ownership(state, patience_seconds=patience_seconds)
    try:
        channel.socket_file(state.path).unlink(missing_ok=True)
        return clear(state)
    finally:
        ownership.release()


def clear(state: StateFolder) -> int:
    """End and remove every machine below a folder that the caller owns; returns how many there were."""
    machines = state.machines()
    for machine in machines:
        _end(machine)
        shutil.rmtree(machine.path)
    shutil.rmtree(state.consoles, ignore_errors=True)
    return len(machines)


def _end(machine: MachineFolder) -> None:
    if record := ProcessRecord.read(machine.process):
        record.end_group(grace_seconds=GRACE_SECONDS)
    end_strays(machine.home)
