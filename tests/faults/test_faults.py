"""Every fault, one after the other, on a cluster that clients write to and read from all the time.

`make test` tries those that prove most, `make faults` all of them.
"""

from collections.abc import Callable

import pytest

import tests.faults.catalog  # noqa: F401 - registers the faults
from tests.faults.pool import Pool
from tests.faults.registry import TRIALS
from tests.faults.table import PROPERTY
from tests.faults.trial import attempt

pytestmark = [pytest.mark.deploy, pytest.mark.timeout(1200)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each trial that is wanted."""
    everything = metafunc.config.getoption("--all-faults")
    metafunc.parametrize("name", [name for name, trial in TRIALS.items() if everything or trial.in_ci])


def test_fault(name: str, pool: Pool, record_property: Callable[[str, object], None]) -> None:
    """No acknowledged write is lost, no answer is wrong, and the cluster recovers by itself."""
    try:
        row = attempt(TRIALS[name], pool.cluster())
    finally:
        pool.discard_if_unhealthy()
    record_property(PROPERTY, row.as_json())
    assert row.passed, f"{row.seen}\nexpected: {row.expected}"
