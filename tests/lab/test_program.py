"""The program as a person runs it: help, exit codes, and explanations instead of tracebacks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.settings import CHECKOUT
from tests.lab.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program where nothing runs."""
    return Program(work=tmp_path / "work")


COMMANDS = [
    "up", "down", "status", "validate", "events", "env", "logs", "kubectl", "kubeconfig", "ssh", "fault",
    "install", "test", "faults", "soak", "bench",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(program: Program, command: str) -> None:
    """The program's help lists it, and its own help explains it."""
    assert f" {command} " in program("--help").stdout
    helped = program(command, "--help")
    assert helped.returncode == 0
    assert len(helped.stdout.splitlines()) > 6


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["status", "--yaml"],
        ["up", "--cluster", "no/such/file.yaml"],
        ["test", "nonsense"],
        ["logs", "i-1", "--follow"],
    ],
)
def test_wrong_usage_exits_with_2(program: Program, arguments: list[str]) -> None:
    """And explains it."""
    done = program(*arguments)
    assert done.returncode == 2
    assert "rror" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["status", "--json"],
        ["validate"],
        ["events", "--since", "1d"],
        ["validate", "--wait", "1s", "--json"],
        ["env"],
        ["logs"],
        ["logs", "i-1"],
        ["kubectl", "get", "nodes"],
        ["kubeconfig"],
    ],
)
def test_without_an_embedded_aws_the_remedy_is_named(program: Program, arguments: list[str]) -> None:
    """Exit code 1, nothing on stdout (a shell evaluates that of `env`), and the command to run first."""
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr


def test_down_with_nothing_to_remove_succeeds(program: Program) -> None:
    """It can be repeated and leaves no file, not even its lock."""
    assert program("down").returncode == 0
    assert program("down").returncode == 0
    assert list(program.work.parent.iterdir()) == []


def test_without_a_virtual_environment_the_remedy_is_named(tmp_path: Path) -> None:
    """In a new checkout the message is not `No such file`."""
    shutil.copy(CHECKOUT / "kubequorum", tmp_path)
    done = subprocess.run([tmp_path / "kubequorum", "up"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make -C" in done.stderr


@pytest.mark.parametrize(
    ("python", "message"),
    [("[ $1 = --version ] && echo Python 3.9.2", "is Python 3.9.2"), (None, "is missing")],
)
def test_make_requires_a_python_that_is_new_enough(tmp_path: Path, python: str | None, message: str) -> None:
    """An old Python, or none, is named before anything is installed."""
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    if python is not None:
        (tmp_path / "old").write_text(f"#!/bin/sh\n{python}\n")
        (tmp_path / "old").chmod(0o755)
    make = ["make", "status", f"PYTHON={tmp_path / 'old'}"]
    done = subprocess.run(make, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_make_alone_lists_the_targets() -> None:
    """Every target has a line of help."""
    # Without the flags of a `make` that runs this test.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    listed = subprocess.run(
        ["make"], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    phony = (CHECKOUT / "Makefile").read_text().split(".PHONY: ")[1].splitlines()[0].split()
    assert sorted(line.split()[1] for line in listed.splitlines()) == sorted(phony)
    assert all(len(line.split()) > 4 for line in listed.splitlines())
