"""Machines as processes, in a folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.machines.process import ProcessMachines
from emulator.tests.machines.stand_ins import Facts


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state folder."""
    return tmp_path / "machines"


@pytest.fixture
def machines(state: Path) -> Iterator[ProcessMachines]:
    """Machines that are gone after the test."""
    made = ProcessMachines(
        state_dir=state,
        api_url="http://127.0.0.1:4566",
        facts=Facts(),
        variables={"PLACE": "@HOME@/place"},
    )
    try:
        yield made
    finally:
        made.close()
