"""Launch, stop, start and termination of real processes: nothing of a machine stays."""

from pathlib import Path

import pytest

from emulator.machines.process import ProcessMachines
from emulator.machines.process.layout import StateFolder
from emulator.processes import ProcessRecord, start_time
from emulator.tests.machines.process.host import ID, LINUX_ONLY, gone, home, number_in, printed
from emulator.tests.machines.stand_ins import INSTANCE, instance


def test_terminate_ends_the_whole_group_and_removes_the_folder(
    machines: ProcessMachines, state: Path
) -> None:
    """Children end with the machine, also one that ignores SIGTERM; the console output stays."""
    script = (
        b"#!/bin/sh\nsleep 600 &\necho $! > polite\n"
        b"sh -c 'trap \"\" TERM; while :; do sleep 1; done' &\necho $! > stubborn\necho up\nwait\n"
    )
    machines.launch(instance(user_data=script))
    polite, stubborn = number_in(home(state) / "polite"), number_in(home(state) / "stubborn")
    machines.terminate(ID)
    assert start_time(polite) is None
    assert start_time(stubborn) is None
    assert not StateFolder(state).machine(ID).path.exists()
    assert b"up" in machines.console_output(ID)


def test_terminate_is_graceful(machines: ProcessMachines) -> None:
    """SIGTERM comes first and what the handler prints is kept."""
    script = b"#!/bin/sh\ntrap 'echo graceful; exit 0' TERM\necho up\nsleep 600 &\nwait\n"
    machines.launch(instance(user_data=script))
    printed(machines, "up")
    machines.terminate(ID)
    assert b"graceful" in machines.console_output(ID)


@LINUX_ONLY
def test_terminate_finds_a_process_that_left_the_group(machines: ProcessMachines, state: Path) -> None:
    """A daemon in its own session ends with its machine, too."""
    script = b"#!/bin/sh\nsetsid sh -c 'echo $$ > daemon; exec sleep 600' >/dev/null 2>&1 &\nwait\n"
    machines.launch(instance(user_data=script))
    daemon = number_in(home(state) / "daemon")
    machines.terminate(ID)
    gone(daemon)


def test_stop_and_start_run_user_data_once(machines: ProcessMachines, state: Path) -> None:
    """Files survive a stop; user-data does not run at the second boot, as on EC2."""
    machines.launch(instance(user_data=b"#!/bin/sh\necho run >> runs\nsleep 600 &\necho $! > pid\nwait\n"))
    child = number_in(home(state) / "pid")
    machines.stop(ID)
    assert start_time(child) is None
    machines.start(ID)
    machines.reboot(ID)
    record = ProcessRecord.read(StateFolder(state).machine(ID).process)
    assert record is not None
    assert record.is_running()
    assert (home(state) / "runs").read_text() == "run\n"


def test_a_failed_launch_leaves_nothing(
    machines: ProcessMachines, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error reaches the emulator; no folder and no process stay; the same id may be launched again."""
    monkeypatch.setattr("emulator.processes.start_time", lambda _pid: None)
    with pytest.raises(OSError, match="ended at once"):
        machines.launch(INSTANCE)
    assert not StateFolder(state).machine(ID).path.exists()
    monkeypatch.undo()
    machines.launch(INSTANCE)
    printed(machines, "hello")
