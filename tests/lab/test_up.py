"""`up`, `status`, `env`, `logs` and `down` with the real CDK, the real embedded AWS, and a small app.

The tests of this file run in order on one embedded AWS, and depend on each other.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from emulator.processes import ProcessRecord
from lab import lock
from lab.settings import CHECKOUT, FIRST_PORT
from tests.lab.program import Program

pytestmark = pytest.mark.deploy

APP = Path(__file__).with_name("small_app")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program with a copy of the small app; the usual port is in use, by this test if by nothing else."""
    folder = tmp_path_factory.mktemp("up")
    app = folder / "app"
    shutil.copytree(APP, app)
    (app / "clusters").mkdir()
    (app / "cluster.yaml").rename(app / "clusters" / "local.yaml")
    program = Program(work=folder / "work", app=app)
    with socket.socket() as blocker:
        blocker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            blocker.bind(("127.0.0.1", FIRST_PORT))
            blocker.listen()
        try:
            yield program
        finally:
            program("down")


@pytest.fixture(scope="module")
def first(program: Program) -> "subprocess.CompletedProcess[str]":
    """The first `up`."""
    done = program("up")
    assert done.returncode == 0, done.stderr
    return done


def status(program: Program) -> dict[str, Any]:
    """What `status --json` prints."""
    done = program("status", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def running_in(folder: Path) -> list[str]:
    """Command lines of the processes that mention a folder."""
    ps = ["ps", "-A", "-ww", "-o", "args="]
    shown = subprocess.run(ps, capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder) in line]


def test_up_shows_its_stages_and_what_was_built(first: "subprocess.CompletedProcess[str]") -> None:
    """Progress on stderr with the stages and the used port; tables and next steps on stdout."""
    for stage in ("Start the embedded AWS", "Bootstrap the CDK", "Deploy local.yaml"):
        assert f"done  {stage}" in first.stderr
    assert f"port {FIRST_PORT} is used by process " in first.stderr
    built = (
        "small-Workers",
        "CREATE_COMPLETE",
        "eu-west-1a",
        "InService",
        "disk",
        "www.small.internal",
        "hello",
    )
    for text in (*built, "make down"):
        assert text in first.stdout


@pytest.mark.usefixtures("first")
def test_status_shows_what_aws_reports(program: Program) -> None:
    """Each kind of resource of the app, with its state, under the documented names."""
    seen = status(program)
    (stack,) = seen["stacks"]
    assert (stack["name"], stack["status"]) == ("small-Workers", "CREATE_COMPLETE")
    assert stack["outputs"]["Greeting"] == "hello"
    (zone,) = seen["zones"]
    assert (zone["name"], list(zone["subnets"].values())) == ("eu-west-1a", ["10.9.1.0/24"])
    (group,) = seen["groups"]
    (instance,) = group["instances"]
    assert (instance["zone"], instance["type"], instance["lifecycle_state"]) == (
        "eu-west-1a",
        "t3.micro",
        "InService",
    )
    (volume,) = seen["volumes"]
    assert (volume["name"], volume["size_gib"], volume["encrypted"], volume["state"]) == (
        "disk",
        7,
        True,
        "available",
    )
    assert seen["names"] == [
        {"name": "www.small.internal.", "type": "A", "values": ["10.9.1.9"], "private": True}
    ]
    assert seen["embedded_aws"]["port"] != FIRST_PORT


@pytest.mark.usefixtures("first")
def test_logs_show_what_an_instance_printed(program: Program) -> None:
    """The console output is that of GetConsoleOutput; an unknown id is explained."""
    (instance,) = status(program)["groups"][0]["instances"]
    shown = program("logs", instance["id"])
    assert (shown.returncode, "hello from the instance" in shown.stdout) == (0, True), shown.stderr
    unknown = program("logs", "i-00000000000000000")
    assert unknown.returncode == 1
    assert "make status" in unknown.stderr
    assert program("logs", "-n", "3").stdout.count("\n") == 3


@pytest.mark.usefixtures("first")
def test_env_points_a_shell_to_the_embedded_aws(program: Program) -> None:
    """After `eval`, boto3 and the CDK use it, whatever AWS settings the shell had."""
    ask = (
        "import boto3; cloudformation = boto3.client('cloudformation'); "
        "print(cloudformation.describe_stacks(StackName='small-Workers')['Stacks'][0]['StackStatus'])"
    )
    script = f'eval "$({CHECKOUT}/kubequorum env)" && {sys.executable} -c "{ask}" && cdk list --output "$OUT"'
    environment = {
        **program.environment(),
        "AWS_PROFILE": "no-such-profile",
        "AWS_ENDPOINT_URL_CLOUDFORMATION": "http://127.0.0.1:1",
        "OUT": str(program.work / "list.out"),
    }
    done = subprocess.run(
        ["sh", "-c", script], cwd=program.app, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["CREATE_COMPLETE", "small-Workers"]


@pytest.mark.usefixtures("first")
def test_a_second_up_changes_nothing(program: Program) -> None:
    """The same process, the same instance, and the stack is unchanged."""
    before = status(program)
    again = program("up")
    assert again.returncode == 0, again.stderr
    assert "it runs already" in again.stderr
    assert "no changes" in program.settings.cdk_log.read_text()
    assert status(program) == before


@pytest.mark.usefixtures("first")
def test_two_at_once_and_another_cluster_are_refused(program: Program) -> None:
    """The lock names its holder; an embedded AWS is not used for a cluster that it was not started for."""
    with lock.exclusive(program.settings.lock, command="test"):
        refused = program("up")
    assert refused.returncode == 1
    assert f"process {os.getpid()}" in refused.stderr
    other = program.app / "clusters" / "other.yaml"
    other.write_text('name: other\naccount: "000000000000"\nregion: eu-west-1\n')
    refused = program("up", "--cluster", str(other))
    assert refused.returncode == 1
    assert "cluster small" in refused.stderr
    assert "make down" in refused.stderr


@pytest.mark.usefixtures("first")
def test_a_failed_deployment_is_explained_and_keeps_what_was_made(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has CloudFormation's reason; the other stack and the embedded AWS remain."""
    monkeypatch.setenv("SMALL_APP_BROKEN", "yes")
    failed = program("up")
    assert failed.returncode == 1
    assert "small-State is ROLLBACK_" in failed.stderr
    assert "Ready (AWS::CloudFormation::WaitCondition)  CREATE_FAILED" in failed.stderr
    assert "What to do" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert {"small-Workers"} <= {stack["name"] for stack in status(program)["stacks"]}


@pytest.mark.usefixtures("first")
def test_after_a_crash_up_starts_again_and_down_removes_everything(program: Program) -> None:
    """Neither a dead embedded AWS nor an orphaned machine prevents it, and nothing remains at the end."""
    killed = ProcessRecord.read(program.settings.emulator_process)
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while killed.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert program("status").returncode == 1
    assert len(running_in(program.settings.machines_state)) >= 1, (
        "the machine should outlive the embedded AWS"
    )
    again = program("up")
    assert again.returncode == 0, again.stderr
    seen = status(program)
    assert seen["embedded_aws"]["pid"] != killed.pid
    assert [stack["status"] for stack in seen["stacks"]] == ["CREATE_COMPLETE"]
    # `down` alone must handle a crash, too.
    os.kill(seen["embedded_aws"]["pid"], signal.SIGKILL)
    assert len(running_in(program.settings.machines_state)) >= 1
    assert program("down").returncode == 0
    assert running_in(program.work) == []
    assert [path.name for path in program.work.parent.iterdir()] == ["app"]
    assert program("down").returncode == 0
