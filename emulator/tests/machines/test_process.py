"""Machines as processes, with real processes: what runs, what it sees, and that nothing of it stays."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.interfaces.machines import Machines, Volume
from emulator.machines.process import ProcessMachines, StateInUseError, console, remove_leftovers
from emulator.machines.process.layout import StateFolder
from emulator.processes import ProcessRecord, start_time
from emulator.tests.machines.stand_ins import INSTANCE, Facts, instance

ID = INSTANCE.instance_id
CHECKOUT = Path(__file__).parents[3]
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to see environments")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path / "machines"


@pytest.fixture
def machines(state: Path) -> Iterator[ProcessMachines]:
    """Machines that are gone after the test."""
    made = ProcessMachines(
        state_dir=state,
        api_url="http://127.0.0.1:4566",
        facts=Facts(),
        variables={"PLACE": "@HOME@/place"},
    )
    try:
        yield made
    finally:
        made.close()


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait until the condition holds; generous, because the machine may be busy."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


def printed(machines: Machines, text: str, instance_id: str = ID) -> None:
    """Wait until the machine has printed the text."""
    eventually(lambda: text.encode() in machines.console_output(instance_id), f"{text!r} on the console")


def number_in(path: Path) -> int:
    """The process id that a script wrote to a file, once it is there."""
    eventually(lambda: path.exists() and path.read_text().endswith("\n"), f"{path} is written")
    return int(path.read_text())


def gone(pid: int) -> None:
    """Wait until no such process runs."""
    eventually(lambda: start_time(pid) is None, f"process {pid} has ended")


def home(state: Path) -> Path:
    """HOME of the one machine of these tests."""
    return StateFolder(state).machine(ID).home


def test_it_fits_the_port(machines: ProcessMachines) -> None:
    """The class is what the emulated EC2 expects (mypy checks it) and ignores instances it does not know."""
    port: Machines = machines
    port.terminate("i-unknown")
    port.stop("i-unknown")
    port.start("i-unknown")
    port.reboot("i-unknown")
    port.detach_volume("i-unknown", "vol-1", force=True)
    port.delete_volume("vol-1")
    assert port.console_output("i-unknown") == b""


def test_user_data_runs_in_its_own_home_with_nothing_but_the_named_environment(
    machines: ProcessMachines, state: Path
) -> None:
    """The environment is exactly the documented one; the process works in its HOME."""
    script = f"#!{sys.executable}\nimport os\nprint(sorted(os.environ), os.getcwd(), os.environ['PLACE'])\n"
    machines.launch(instance(user_data=script.encode()))
    printed(machines, "ended with status 0")
    output = machines.console_output(ID).decode()
    names = [
        "AWS_ENDPOINT_URL",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_REGION",
        "HOME",
        "LANG",
        "PATH",
        "PLACE",
    ]
    # The shell that starts user-data sets PWD, and some set SHLVL and _.
    seen = set(eval(output.split("]")[0] + "]")) - {"PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"}  # noqa: S307
    assert seen == set(names)
    assert f"{home(state)} {home(state)}/place" in output


def test_user_data_finds_python_with_boto3_and_its_own_identity(machines: ProcessMachines) -> None:
    """`python3` is that of the virtual environment; its questions reach this instance's metadata service."""
    script = (
        "#!/bin/sh\npython3 - <<'END'\n"
        "import boto3, os, urllib.request as u\n"
        "base = os.environ['AWS_EC2_METADATA_SERVICE_ENDPOINT']\n"
        "head = {'X-aws-ec2-metadata-token-ttl-seconds': '60'}\n"
        "ask = u.Request(base + '/latest/api/token', method='PUT', headers=head)\n"
        "token = u.urlopen(ask).read().decode()\n"
        "head = {'X-aws-ec2-metadata-token': token}\n"
        "path = '/latest/meta-data/instance-id'\n"
        "print('I am', u.urlopen(u.Request(base + path, headers=head)).read().decode())\n"
        "print('key', boto3.Session().get_credentials().access_key)\n"
        "END\n"
    )
    machines.launch(instance(user_data=script.encode()))
    printed(machines, "ended with status 0")
    output = machines.console_output(ID).decode()
    assert f"I am {ID}" in output
    assert "key ASIA" in output


def test_two_instances_have_two_metadata_services(machines: ProcessMachines) -> None:
    """Each process gets the port of its own instance."""
    script = b'#!/bin/sh\necho "imds $AWS_EC2_METADATA_SERVICE_ENDPOINT"\n'
    machines.launch(instance(user_data=script))
    machines.launch(instance(user_data=script, instance_id="i-other"))
    printed(machines, "status 0")
    printed(machines, "status 0", "i-other")
    assert machines.console_output(ID) != machines.console_output("i-other")


def test_a_failing_user_data_leaves_its_reason_on_the_console(machines: ProcessMachines) -> None:
    """Both output streams and the exit status are there, and the machine stays on, as on EC2."""
    machines.launch(instance(user_data=b"#!/bin/sh\necho out\necho why >&2\nexit 3\n"))
    printed(machines, "out\nwhy\nuser-data ended with status 3\n")


@pytest.mark.parametrize("user_data", [b"", b"#cloud-config\n{}\n"])
def test_user_data_that_is_not_a_script_is_not_run(machines: ProcessMachines, user_data: bytes) -> None:
    """Nothing runs; where there was something, the console says why."""
    machines.launch(instance(user_data=user_data))
    output = machines.console_output(ID)
    assert (b"runs scripts only" in output) == bool(user_data)


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


def test_an_attached_volume_is_a_file_on_the_machine(machines: ProcessMachines, state: Path) -> None:
    """It names volume and device and goes away with the detach."""
    machines.launch(INSTANCE)
    machines.attach_volume(ID, Volume(volume_id="vol-1", size_gib=8, device="/dev/xvdf"))
    file = home(state) / "volumes" / "vol-1.json"
    assert '"device": "/dev/xvdf"' in file.read_text()
    machines.detach_volume(ID, "vol-1", force=False)
    assert not file.exists()


def test_the_console_keeps_the_last_64_kib(machines: ProcessMachines, state: Path) -> None:
    """A verbose machine fills neither the answer nor the disk."""
    script = b'#!/bin/sh\ni=0\nwhile [ $i -lt 20000 ]; do echo "line $i of many lines"; i=$((i+1)); done\n'
    machines.launch(instance(user_data=script))
    printed(machines, "ended with status 0")
    output = machines.console_output(ID)
    assert len(output) <= console.KEPT_BYTES
    assert b"line 19999 of many lines\nuser-data ended" in output
    assert (StateFolder(state).consoles / f"{ID}.log").stat().st_size <= 3 * console.KEPT_BYTES


def test_the_console_of_a_machine_long_gone_is_forgotten(tmp_path: Path) -> None:
    """After an hour the file goes, unless the instance still runs."""
    old = time.time() - console.KEPT_SECONDS - 1
    for name in ("i-gone", "i-running"):
        console.append(tmp_path / f"{name}.log", b"text")
        os.utime(tmp_path / f"{name}.log", (old, old))
    console.append(tmp_path / "i-fresh.log", b"text")
    console.remove_old(tmp_path, running={"i-running"})
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["i-fresh", "i-running"]


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
        [sys.executable, "-m", "emulator.tests.machines.crash_victim", str(state), str(script)],
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
