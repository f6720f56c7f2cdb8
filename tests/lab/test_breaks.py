"""`break`: what a person types reaches the embedded AWS, and its answers and refusals reach the person."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

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
    """The help lists each command, in groups, with what it does."""
    helped = program("break", "--help").stdout
    for word in ("Machines", "Volumes", "AWS", "power-loss", "cut-zone", "split", "api", "imds", "heal-all"):
        assert word in helped
    assert "--probability" in program("break", "api", "--help").stdout


def test_a_rule_from_its_begin_to_its_end(program: Program, emulator: Emulator) -> None:
    """It is switched on, hits, is listed with how often it hit, and is removed."""
    options = ("--service", "ec2", "--operation", "DescribeVpcs", "--role", "somebody", "--throttled")
    made = program("break", "api", *options)
    assert made.returncode == 0
    switch = made.stdout.split()[0]
    emulator.client("ec2").describe_vpcs()
    role = emulator.session_of([{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}])
    emulator.client("ec2", session=role).describe_vpcs()
    program("break", "api", "--service", "ec2", "--role", _role(emulator, role), "--error", "Boom")
    with pytest.raises(ClientError, match="Boom"):
        emulator.client("ec2", session=role).describe_vpcs()
    listed = json.loads(program("break", "list", "--json").stdout)["switches"]
    assert [(entry["switch_id"], entry["used"]) for entry in listed] == [(switch, 0), ("api-2", 1)]
    assert "role=somebody" in program("break", "list").stdout
    assert program("break", "remove", switch).returncode == 0
    assert program("break", "remove", switch).returncode == 1
    assert program("break", "heal-all").returncode == 0
    assert json.loads(program("break", "list", "--json").stdout)["switches"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["split", "i-1"], 2, "no split"),
        (["imds"], 2, "--delay"),
        (["api"], 1, "needs an effect"),
        (["power-loss", "i-1"], 1, "--machines nspawn"),
        (["api", "--lost", "sometimes"], 2, "sometimes"),
    ],
)
def test_refusals_are_explained(program: Program, arguments: list[str], status: int, said: str) -> None:
    """In words, without a traceback; wrong usage ends with another status than what cannot be done."""
    done = program("break", *arguments)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_where_nothing_runs(tmp_path: Path) -> None:
    """It says so, and how to start it."""
    done = Program(work=tmp_path)("break", "list")
    assert done.returncode == 1
    assert "not running" in done.stderr
    assert "make up" in done.stderr


def _role(emulator: Emulator, session: object) -> str:
    client = emulator.client("sts", session=session)  # type: ignore[arg-type]
    return str(client.get_caller_identity()["Arn"]).split("/")[1]
