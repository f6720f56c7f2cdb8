"""User data in a real process: what runs, what it sees, what it prints."""

import os
import sys
import time
from pathlib import Path

import pytest

from emulator.interfaces.machines import Machines, Volume
from emulator.machines.process import ProcessMachines, console
from emulator.machines.process.layout import StateFolder
from emulator.tests.machines.process.host import ID, home, printed
from emulator.tests.machines.stand_ins import INSTANCE, instance


def test_an_unknown_instance_is_ignored(machines: ProcessMachines) -> None:
    """The class is what the emulated EC2 expects (mypy checks it) and ignores instances it does not know."""
    implementation: Machines = machines
    implementation.terminate("i-unknown")
    implementation.stop("i-unknown")
    implementation.start("i-unknown")
    implementation.reboot("i-unknown")
    implementation.detach_volume("i-unknown", "vol-1", force=True)
    implementation.delete_volume("vol-1")
    assert implementation.console_output("i-unknown") == b""


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
