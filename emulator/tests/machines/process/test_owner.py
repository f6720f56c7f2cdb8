"""The emulator ends with its owner, and removes its machines as it does on SIGTERM."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import owner as module
from emulator.machines.process import StateInUseError, remove_leftovers
from emulator.owner import Owner, OwnerError
from emulator.processes import ProcessRecord
from emulator.tests.api.emulator import PATIENCE_SECONDS, running_emulator
from emulator.tests.faults.node import launch
from emulator.tests.machines.process.host import eventually, gone


@pytest.fixture
def owner() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that does nothing."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_it_ends_with_a_killed_owner_and_removes_its_machines(
    owner: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """SIGKILL to the owner: the machine and the emulator end, and no file of a machine is left."""
    with running_emulator(tmp_path, machines="process", owner=owner.pid) as emulator:
        launch(emulator)
        (record,) = (ProcessRecord.read(path) for path in tmp_path.rglob("process.json"))
        assert record is not None
        assert record.is_running()
        owner.kill()
        owner.wait()
        gone(record.pid)
        # Only now is it told to end; its exit code is looked at there.
        eventually(lambda: _left_behind(tmp_path) == 0, "the emulator has ended and left nothing")


def _left_behind(state: Path) -> int | None:
    """How many machines are left; None while the emulator runs."""
    try:
        return remove_leftovers(state)
    except StateInUseError:
        return None


def test_an_owner_that_is_gone_is_refused(tmp_path: Path) -> None:
    """Nothing starts; the message names the process and the remedy."""
    gone_already = subprocess.Popen(["true"])
    gone_already.wait()
    done = subprocess.run(
        [*(sys.executable, "-m", "emulator", "--state-dir", str(tmp_path)), "--owner", str(gone_already.pid)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert f"process {gone_already.pid} has ended already" in done.stderr
    assert "give the id of one that runs" in done.stderr


@pytest.mark.parametrize("text", ["", "one", "-1", "1.5", "²", "0", str(2**40)])
def test_what_is_no_process_is_refused(text: str) -> None:
    """With a reason, and not by an exception of the system."""
    with pytest.raises(OwnerError, match="give "):
        Owner.of(text)


def test_a_reused_process_id_is_no_owner(owner: "subprocess.Popen[bytes]") -> None:
    """A record counts as a whole: the same id with another start is a process that has ended."""
    Owner.of(str(ProcessRecord.of(owner.pid)))
    with pytest.raises(OwnerError, match="has ended already"):
        Owner.of(f"{owner.pid}/another time")


@pytest.mark.parametrize("has_pidfd", [True, False])
def test_it_waits_for_the_end_and_no_longer(
    owner: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch, has_pidfd: bool
) -> None:
    """Until the owner has ended, be it collected or not; also where the kernel does not tell."""
    if not has_pidfd:
        monkeypatch.setattr(module, "_open", lambda _pid: None)
        monkeypatch.setattr(module, "_POLL_SECONDS", 0.02)
    waiting = threading.Thread(target=Owner.of(str(owner.pid)).wait, daemon=True)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    owner.kill()
    waiting.join(PATIENCE_SECONDS)
    assert not waiting.is_alive()
