"""The state of an alarm, by the data points of its metric.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def periods(alarm: Mapping[str, Any], *, now: float, scale: float) -> list[tuple[float, float]]:
    """Begin and end of the periods that count: the newest complete ones, oldest first.

    Args:
        alarm: as DescribeAlarms has it.
        now: seconds since 1970.
        scale: how long an emulated second is.
    """
    length = float(alarm.get("Period") or 60) * scale
    count = int(alarm.get("EvaluationPeriods") or 1)
    end = now // length * length
    return [(end - (count - number) * length, end - (count - number - 1) * length) for number in range(count)]


def state(alarm: Mapping[str, Any], values: Sequence[float | None]) -> tuple[str, str] | None:
    """The state and its reason; None if it stays as it is.

    Args:
        alarm: as DescribeAlarms has it.
        values: the statistic of each period, oldest first; None where there are no data.
    """
    threshold = float(alarm.get("Threshold") or 0.0)
    compare = _COMPARISONS.get(str(alarm.get("ComparisonOperator")))
    if compare is None:
        return None
    needed = int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)
    treatment = alarm.get("TreatMissingData") or "missing"
    missing = sum(value is None for value in values)
    breaching = sum(value is not None and compare(value, threshold) for value in values)
    if treatment == "breaching":
        breaching += missing
    shown = f"{breaching} of {len(values)} periods are breaching, {missing} have no data"
    if breaching >= needed:
        return ALARM, f"Threshold Crossed: {shown} ({values}, {alarm.get('ComparisonOperator')} {threshold})"
    if treatment == "ignore" and missing:
        return None
    if treatment == "missing" and missing == len(values):
        return INSUFFICIENT, f"Insufficient Data: {shown}"
    return OK, f"Threshold not crossed: {shown}"
