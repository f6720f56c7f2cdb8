"""Clusters of these tests."""

from collections.abc import Callable, Iterator

import pytest

from emulator.tests.api.emulator import Emulator, running_emulator
from kubequorum_cli.commands import roll as command
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
