"""An alarm's state, by what its periods have."""

from typing import Any

import pytest

from emulator.api.cloudwatch import evaluation

ABOVE_5 = {
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5.0,
    "Period": 60,
    "EvaluationPeriods": 3,
}
Values = list[float | None]


def _state(values: Values, **more: Any) -> str | None:
    found = evaluation.state({**ABOVE_5, **more}, values)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([6, 6, 6], "ALARM"), ([6, 5, 6], "OK"), ([1, 1, 9], "OK")],
)
def test_all_periods_must_breach(values: Values, expected: str) -> None:
    """Unless DatapointsToAlarm says how many."""
    assert _state(values) == expected
    assert _state(values, DatapointsToAlarm=1) == ("OK" if max(v or 0 for v in values) <= 5 else "ALARM")


@pytest.mark.parametrize(
    ("treatment", "none_at_all", "one_good", "two_breaching"),
    [
        ("breaching", "ALARM", "OK", "ALARM"),
        ("notBreaching", "OK", "OK", "OK"),
        ("missing", "INSUFFICIENT_DATA", "OK", "OK"),
        ("ignore", None, None, None),
    ],
)
def test_missing_data(treatment: str, none_at_all: str, one_good: str, two_breaching: str) -> None:
    """As the alarm treats them."""
    assert _state([None, None, None], TreatMissingData=treatment) == none_at_all
    assert _state([None, 1, None], TreatMissingData=treatment) == one_good
    assert _state([None, 6, 6], TreatMissingData=treatment) == two_breaching


def test_only_complete_periods_count() -> None:
    """The one that runs has not all its data."""
    assert evaluation.periods(ABOVE_5, now=1000.0, scale=1.0) == [(780, 840), (840, 900), (900, 960)]
    assert evaluation.periods(ABOVE_5, now=12.0, scale=0.1)[-1] == (6.0, 12.0)
