"""Skips the trials where real machines cannot run, and collects the table of faults."""

from collections.abc import Iterator

import pytest

from emulator.machines.nspawn import unavailable_reason
from tests.faults.pool import Pool
from tests.faults.table import Table


@pytest.fixture(scope="package")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """The cluster that tests share while it is healthy; removed before the tests of other folders."""
    if (reason := unavailable_reason()) is not None:
        pytest.skip(f"no machines here: {reason}")
    pool = Pool(tmp_path_factory.mktemp("faults"))
    yield pool
    pool.discard()


def pytest_configure(config: pytest.Config) -> None:
    """Collect the rows; with several processes, in the one with the terminal."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(), "faults-table")
