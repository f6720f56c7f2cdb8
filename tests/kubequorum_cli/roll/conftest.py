"""Clusters of these tests."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator.tests.api.emulator import Emulator, running_emulator
from kubequorum_cli.commands import roll as command
from kubequorum_cli.errors import CommandError
from kubequorum_cli.roll import replace
from tests.kubequorum_cli.roll.cluster import EmulatedCluster, make_cluster


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An AWS for the tests of a module."""
    with running_emulator(tmp_path_factory.mktemp("roll")) as started:
        yield started


@pytest.fixture
def cluster(emulator: Emulator) -> EmulatedCluster:
    """A cluster of a test's own."""
    return make_cluster(emulator)


Run = Callable[..., None]


@pytest.fixture
def run(cluster: EmulatedCluster, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command for it, with short waits."""
    monkeypatch.setattr(replace, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(replace, "SETTLE_SECONDS", 1)

    def run(
        node: str = "",
        *,
        launched_before: str = "",
        yes: bool = True,
        dry_run: bool = False,
        seconds: float = 30.0,
        as_json: bool = False,
    ) -> None:
        command.roll(
            cluster.target,
            node=node,
            launched_before=launched_before,
            yes=yes,
            dry_run=dry_run,
            seconds=seconds,
            as_json=as_json,
        )

    return run


Printed = dict[str, Any]
Fail = Callable[..., tuple[CommandError, Printed]]


@pytest.fixture
def fail(run: Run, capsys: pytest.CaptureFixture[str]) -> Fail:
    """Run the command, which must fail: with what, and its document."""

    def fail(node: str = "", **options: Any) -> tuple[CommandError, Printed]:
        with pytest.raises(CommandError) as caught:
            run(node, as_json=True, **options)
        return caught.value, json.loads(capsys.readouterr().out)

    return fail


def states(printed: Printed) -> list[str]:
    """What became of each master, by a printed document."""
    return [step["state"] for step in printed["steps"]]
