"""Every fault, one after the other, on a cluster that clients write to and read from all the time.

`make test` tries those that prove most, `make faults` all of them.
"""

from collections.abc import Callable

import pytest

import tests.faults.catalog  # noqa: F401 - registers the faults
from tests.faults.pool import Pool
from tests.faults.registry import TRIALS, Trial
from tests.faults.table import PROPERTY
from tests.faults.trial import attempt

pytestmark = pytest.mark.deploy


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each trial that is wanted."""
    everything = metafunc.config.getoption("--all-faults")
    wanted = [trial for trial in TRIALS.values() if everything or trial.in_ci]
    # Those in AWS's time come last: they take long, and some leave another version of Kubernetes behind.
    wanted.sort(key=lambda trial: trial.aws_times or 0)
    metafunc.parametrize("name", [pytest.param(trial.name, marks=_limit(trial)) for trial in wanted])


def _limit(trial: Trial) -> pytest.MarkDecorator:
    """Above all waits of a trial, which name what they wait for."""
    in_aws_time = trial.aws_times is not None and trial.aws_times >= 1
    return pytest.mark.timeout(2 * 3600 if in_aws_time else 1200)


def test_fault(name: str, pool: Pool, record_property: Callable[[str, object], None]) -> None:
    """No acknowledged write is lost, no answer is wrong, and the cluster recovers by itself."""
    try:
        trial = TRIALS[name]
        row = attempt(trial, pool.cluster())
    finally:
        pool.discard_if_unhealthy()
    record_property(PROPERTY, row.as_json())
    assert row.passed, f"{row.seen}\nexpected: {row.expected}"
