"""`fault`: what a person types reaches the embedded AWS, and its answers and refusals reach the person."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.faults import FAULTS
from emulator.tests.api.emulator import Emulator, running_emulator
from tests.lab.program import Program


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An embedded AWS where the program looks for one."""
    folder = tmp_path_factory.mktemp("work") / "machines"
    folder.mkdir()
    with running_emulator(folder) as started:
        yield started


@pytest.fixture
def program(emulator: Emulator) -> Program:
    """The program in that folder."""
    return Program(work=emulator.state_dir.parent)


def test_every_command_explains_itself(program: Program) -> None:
    """The help lists a command for each fault of the table, in groups; its own help lists the arguments."""
    helped = program("fault", "--help").stdout
    for fault in FAULTS.values():
        assert f" {fault.name.replace('_', '-')} " in helped
        assert fault.group.title in helped
    assert "--probability" in program("fault", "api", "--help").stdout


def test_a_fault_from_injection_to_clearing(program: Program, emulator: Emulator) -> None:
    """It is injected, has its effect, is listed with how often it had it, and is cleared."""
    options = ("--service", "ec2", "--operation", "DescribeVpcs", "--role", "somebody", "--throttled")
    made = program("fault", "api", *options)
    assert made.returncode == 0
    fault_id = made.stdout.split()[0]
    emulator.client("ec2").describe_vpcs()
    role = emulator.session_of([{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}])
    emulator.client("ec2", session=role).describe_vpcs()
    program("fault", "api", "--service", "ec2", "--role", _role(emulator, role), "--error", "Boom")
    with pytest.raises(ClientError, match="Boom"):
        emulator.client("ec2", session=role).describe_vpcs()
    listed = json.loads(program("fault", "list", "--json").stdout)["active"]
    assert [(entry["fault_id"], entry["used"]) for entry in listed] == [(fault_id, 0), ("api-2", 1)]
    assert "role=somebody" in program("fault", "list").stdout
    assert program("fault", "clear", fault_id).returncode == 0
    assert program("fault", "clear", fault_id).returncode == 1
    assert program("fault", "clear-all").returncode == 0
    assert json.loads(program("fault", "list", "--json").stdout)["active"] == []


def test_arguments_reach_the_fault(program: Program) -> None:
    """Positional arguments, options and their units are those of the table; the rest has defaults."""
    assert program("fault", "imds", "i-1", "--delay-seconds", "2", "--times", "3").returncode == 0
    assert program("fault", "hold-detach", "--seconds", "5", "--force-helps").returncode == 0
    listed = json.loads(program("fault", "list", "--json").stdout)["active"]
    assert [entry["about"] for entry in listed] == [
        {"instance_id": "i-1", "delay_seconds": 2.0},
        {"seconds": 5.0, "force_helps": True},
    ]
    assert program("fault", "clear-all").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["split", "i-1"], 1, "at least 2"),
        (["imds"], 1, "delay_seconds or status"),
        (["api"], 1, "needs an effect"),
        (["power-loss", "i-1"], 1, "--machines nspawn"),
        (["split", "i-1", "i-2,i-3"], 1, "--machines nspawn"),
        (["run", "i-1", "true"], 1, "--machines nspawn"),
        (["api", "--lost", "sometimes"], 2, "sometimes"),
        (["api", "--throttled", "--probability", "2"], 2, "probability"),
    ],
)
def test_refusals_are_explained(program: Program, arguments: list[str], status: int, said: str) -> None:
    """In words, without a traceback; wrong usage exits with another status than a refused fault."""
    done = program("fault", *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_where_nothing_runs(tmp_path: Path) -> None:
    """It says so, and how to start it."""
    done = Program(work=tmp_path)("fault", "list")
    assert done.returncode == 1
    assert "not running" in done.stderr
    assert "make up" in done.stderr


def _role(emulator: Emulator, session: object) -> str:
    client = emulator.client("sts", session=session)  # type: ignore[arg-type]
    return str(client.get_caller_identity()["Arn"]).split("/")[1]
