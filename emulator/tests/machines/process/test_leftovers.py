"""What a state folder and its processes look like after a close, a crash, or a reused process id."""

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.machines.process import ProcessMachines, StateInUseError, remove_leftovers
from emulator.machines.process.layout import StateFolder
from emulator.processes import ProcessRecord, start_time
from emulator.tests.machines.process.host import ID, gone, home, number_in
from emulator.tests.machines.stand_ins import INSTANCE, Facts, instance

CHECKOUT = Path(__file__).parents[4]


def test_close_removes_everything_and_may_be_repeated(state: Path) -> None:
    """No process, no folder; a launch after that is refused."""
    machines = ProcessMachines(state_dir=state, api_url="http://127.0.0.1:1", facts=Facts())
    machines.launch(instance(user_data=b"#!/bin/sh\nsleep 600 &\necho $! > pid\nwait\n"))
    child = number_in(home(state) / "pid")
    machines.close()
    machines.close()
    assert start_time(child) is None
    assert sorted(p.name for p in state.rglob("*")) == ["instances", "lock"]
    with pytest.raises(RuntimeError, match="stopping"):
        machines.launch(INSTANCE)
    assert not StateFolder(state).machine(ID).path.exists()


def test_a_state_folder_has_one_owner(machines: ProcessMachines, state: Path) -> None:
    """Neither a second emulator nor a clean-up may take a folder that is in use."""
    with pytest.raises(StateInUseError, match="stop that one first"):
        ProcessMachines(state_dir=state, api_url="http://127.0.0.1:1", facts=Facts())
    with pytest.raises(StateInUseError):
        remove_leftovers(state)
    machines.close()
    assert remove_leftovers(state) == 0


@pytest.mark.parametrize("by", ["clean-up", "next start"])
def test_what_a_killed_owner_left_is_ended_and_removed(state: Path, tmp_path: Path, by: str) -> None:
    """After SIGKILL of the emulator its machines are found through their records, and removed."""
    script = tmp_path / "user-data"
    script.write_text("#!/bin/sh\ntrap '' PIPE\nsleep 600 &\necho $! > pid\nwait\n")
    owner = subprocess.Popen(
        [sys.executable, "-m", "emulator.tests.machines.process.crash_victim", str(state), str(script)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
    )
    try:
        child = number_in(home(state) / "pid")
        record = ProcessRecord.read(StateFolder(state).machine(ID).process)
    finally:
        owner.kill()
        owner.communicate()
    assert record is not None
    assert start_time(child) is not None, "the machine outlives its owner, or this test proves nothing"
    if by == "clean-up":
        assert remove_leftovers(state) == 1
    else:
        ProcessMachines(state_dir=state, api_url="http://127.0.0.1:1", facts=Facts()).close()
    gone(child)
    gone(record.pid)
    assert not StateFolder(state).machine(ID).path.exists()


def test_a_reused_process_id_is_left_alone(state: Path) -> None:
    """A record whose process started at another time belongs to a process that is gone."""
    bystander = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        folder = StateFolder(state).machine(ID)
        folder.create(b"")
        ProcessRecord(pid=bystander.pid, started="another time").write(folder.process)
        assert remove_leftovers(state) == 1
        assert bystander.poll() is None
        assert not folder.path.exists()
    finally:
        bystander.kill()
        bystander.wait()
