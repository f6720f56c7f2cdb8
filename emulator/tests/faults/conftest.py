"""A separate emulator, since its faults must not affect other tests; and an instance in it."""

from collections.abc import Iterator

import pytest

from emulator.faults import FaultClient
from emulator.tests.api.emulator import Emulator, running_emulator
from emulator.tests.faults.node import Node, launch


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One whose state folder has a longer path than a socket may have."""
    folder = tmp_path_factory.mktemp("emulator") / ("long" * 30)
    folder.mkdir()
    with running_emulator(folder, machines="process") as started:
        yield started


@pytest.fixture(scope="package")
def node(emulator: Emulator) -> Node:
    """An instance that runs."""
    return launch(emulator)


@pytest.fixture
def faults(emulator: Emulator) -> Iterator[FaultClient]:
    """The client; no fault is active when the test is over."""
    yield emulator.faults
    emulator.faults.clear_all()
