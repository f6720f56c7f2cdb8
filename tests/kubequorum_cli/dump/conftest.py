"""A cluster with secrets everywhere, and dumps of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator.tests.api.emulator import Emulator, running_emulator
from kubequorum_cli.dump import Manifest, collect
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from tests.kubequorum_cli.api_stub import ApiStub, running_api
from tests.kubequorum_cli.dump import planted
from tests.kubequorum_cli.dump.collecting import files_of, no_way
from tests.kubequorum_cli.emulated import target_in


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStub]:
    """The cluster's API."""
    with running_api(tmp_path_factory.mktemp("api")) as started:
        planted.fill(started)
        yield started


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, api: ApiStub) -> Iterator[Emulator]:
    """The cluster with its secrets."""
    with running_emulator(tmp_path_factory.mktemp("dump")) as started:
        planted.deploy(started, api)
        yield started


@pytest.fixture
def target(emulator: Emulator, api: ApiStub, monkeypatch: pytest.MonkeyPatch) -> Target:
    """It. Its instances write to their consoles."""
    monkeypatch.setattr(Resources, "console", planted.console)
    return replace(target_in(emulator, "mine"), connect=lambda _: (api.access.host, api.access.port))


@pytest.fixture
def collected(tmp_path: Path) -> Callable[..., tuple[Manifest, dict[str, str]]]:
    """Collects a dump; what it says, and the files of the archive."""

    def run(target: Target, **changed: Any) -> tuple[Manifest, dict[str, str]]:
        path = tmp_path / "dump.tar.gz"
        arguments: dict[str, Any] = {"command": no_way, "lines": 77, "show": lambda _: None, **changed}
        manifest = collect(target, path, **arguments)
        return manifest, files_of(path)

    return run
