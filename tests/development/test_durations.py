"""How long a run takes: estimated from earlier runs, measured, and recorded."""

import json
from pathlib import Path

import pytest

from development.checks import durations
from development.checks.durations import Durations
from development.checks.suites import Suite
from development.checks.summary import Summary


def test_a_run_is_estimated_by_its_suites() -> None:
    """Two processes share the tests, machines stay in one of them, and lint comes before."""
    known = Durations(seconds={"lint": 20, "unit": 60, "deploy": 300, "machines": 1800}, processors=2)
    assert known.estimate({Suite.UNIT}, machines=False) == 30
    assert known.estimate({Suite.LINT, Suite.UNIT, Suite.DEPLOY}, machines=False) == 20 + 180
    assert known.estimate(set(Suite), machines=True) == 20 + 1800
    assert known.estimate(set(Suite), machines=False) == 20 + 180
    assert known.estimate({Suite.MACHINES}, machines=True) == 1800


def test_the_announcement_gives_the_reasons() -> None:
    """What runs and how long, what is built before, what is left out, and the source of the figures."""
    known = Durations(seconds={"unit": 60, "machines": 1800}, processors=2, measured=frozenset({Suite.UNIT}))
    text = known.announcement({Suite.UNIT, Suite.MACHINES}, no_machines=None, build_seconds=660)
    assert "about 41 min: unit 60 s, machines 30 min" in text
    assert "11 min if all of it must be built" in text
    assert "Recorded on 2 processors" in text
    assert "measured here: unit" in text
    text = known.announcement({Suite.UNIT, Suite.MACHINES}, no_machines="they need root")
    assert "about 30 s: unit 60 s." in text
    assert "Without machines: they need root" in text
    assert "Measured by the last run here" in text


def test_measured_durations_are_kept_beside_those_of_earlier_runs(tmp_path: Path) -> None:
    """A run of one suite does not forget the others."""
    path = tmp_path / "build" / "durations.json"
    durations.record({"unit": 61.23, "deploy": 300}, path=path)
    durations.record({"unit": 58.91}, path=path)
    assert json.loads(path.read_text())["seconds"] == {"unit": 58.9, "deploy": 300}


def test_a_suite_that_was_never_measured_is_named() -> None:
    """The announcement of a first run does not count it as nothing."""
    known = Durations(seconds={"unit": 60}, processors=2)
    text = known.announcement({Suite.UNIT, Suite.DEPLOY}, no_machines="no root")
    assert "at least 30 s: unit 60 s, deploy (not measured yet)." in text


def test_the_recorded_durations_are_readable() -> None:
    """They are of suites that exist, and of a number of processors."""
    recorded = durations._read(durations._RECORDED)
    assert set(recorded.seconds) <= set(Suite)
    assert Suite.MACHINES in recorded.seconds
    assert recorded.processors


def test_only_whole_suites_count_as_measured() -> None:
    """Not one with a failure, nor one that was mostly skipped, nor one that was not asked for."""
    summary = Summary(static=[], asked={Suite.UNIT, Suite.DEPLOY, Suite.MACHINES})
    for file, outcome in (
        ("tests/unit/test_x.py", "passed"),
        ("tests/deploy/test_x.py", "failed"),
        ("tests/kubernetes/test_x.py", "skipped"),
        ("tests/snapshots/test_x.py", "passed"),
    ):
        summary.pytest_runtest_logreport(_report(file, outcome, seconds=2.5))
    assert summary.seconds_of_whole_suites() == {"unit": 2.5}


def test_the_longest_files_of_tests_are_named() -> None:
    """Only those that take long, the longest first, with all of their tests together."""
    summary = Summary(static=[], asked={Suite.MACHINES})
    for name, seconds in (("short", 29.0), ("long", 31.0), ("longest", 20.0), ("longest", 25.0)):
        summary.pytest_runtest_logreport(_report(f"tests/kubernetes/test_{name}.py", "passed", seconds))
    assert summary.longest_files() == [
        ("tests/kubernetes/test_longest.py", 45.0),
        ("tests/kubernetes/test_long.py", 31.0),
    ]


def _report(file: str, outcome: str, seconds: float) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=f"{file}::test_it",
        location=(file, 0, "test_it"),
        keywords={"deploy": 1} if "deploy" in file else {},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=None,
        when="call",
        duration=seconds,
    )
