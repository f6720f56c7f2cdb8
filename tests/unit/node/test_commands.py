"""The command line: every step has its name there, and units call what exists."""

from pathlib import Path
from typing import Any

import pytest

from kubequorum_node import commands
from kubequorum_node.boot import order
from kubequorum_node.errors import NodeError
from kubequorum_node.system import supervisor
from tests.unit.node.fakes import FakeNode


def test_every_step_can_be_run_by_hand() -> None:
    """Each step of every plan is a command of the program."""
    names = {step.name for step in commands.BY_HAND}
    for plan in (order.MASTER, order.WORKER, order.PROCESS):
        assert {todo.name for todo in order.steps_of(plan)} <= names


def test_units_run_commands_that_exist() -> None:
    """A unit that calls a step by another name would fail only on a machine."""
    others = {"boot", "watch-lifecycle", "watch-health", "shut-down"}
    known = {step.name for step in commands.BY_HAND} | others
    units = Path(supervisor.__file__).resolve().parents[2] / "units"
    used: dict[str, Any] = {}
    for unit in units.glob("kubequorum-*.service"):
        lines = unit.read_text(encoding="utf-8").splitlines()
        (line,) = [line for line in lines if line.startswith("Exec") and "/opt/kubequorum/current" in line]
        used[unit.name] = line.split()[-1]
    assert set(used.values()) <= known, used


def test_steps_for_masters_refuse_a_worker(worker: FakeNode) -> None:
    """By hand on the wrong machine: an error that says which machine this is, and nothing is done."""
    for todo in commands.BY_HAND:
        if todo.masters_only:
            with pytest.raises(NodeError, match=rf"worker/batch: {todo.name} is for masters only"):
                commands.run_by_hand(worker, todo)
    assert worker.aws.requests == []
    assert worker.host.commands == []
