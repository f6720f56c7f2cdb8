"""The emulator that tests of its API share: one process for a test session."""

from collections.abc import Iterator

import pytest

from emulator.tests.api.emulator import Emulator, running_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator without machines, with a fiftieth of every waiting time."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as started:
        yield started
