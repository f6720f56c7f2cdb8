"""Evaluates all alarms every minute, as AWS does it: also when no data come."""

import logging
import threading
import time
from typing import Any

from emulator.api import patches
from emulator.api.cloudwatch import evaluation
from emulator.api.worker import Worker

log = logging.getLogger(__name__)

_MODULE = "ministack.services.cloudwatch"
_EVALUATE = patches.declare(
    _MODULE,
    "_evaluate_alarm",
    parameters=("alarm",),
    why="it evaluates when data come only, over the data of all dimensions",
)
_ALARMS = patches.declare(_MODULE, "_alarms", why="all alarms by name")
_METRICS = patches.declare(_MODULE, "_metrics", why="data points by namespace, name and dimensions")
_DIMENSIONS = patches.declare(
    _MODULE, "_dims_key", parameters=("dims",), why="the key of a metric's dimensions"
)
_STATISTICS = patches.declare(_MODULE, "_calc_stats", parameters=("points",), why="statistics of a period")
_STATISTIC = patches.declare(
    _MODULE,
    "_stat_value",
    parameters=("stats", "stat_name", "points"),
    why="an alarm's statistic, percentiles included",
)
_RECORD = patches.declare(
    _MODULE,
    "_record_history",
    parameters=("alarm_name", "old_state", "new_state", "reason", "alarm_type", "reason_data"),
    why="a change of state is in the alarm's history",
)
_DISPATCH = patches.declare(
    _MODULE,
    "_dispatch_alarm_actions",
    parameters=("alarm", "old_state", "new_state", "reason"),
    why="a change of state has its actions",
)
_EVALUATION_SECONDS = 60.0
"""AWS evaluates an alarm with a period of a minute or more every minute."""


class Alarms:
    """All alarms of the account."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._lock = threading.Lock()
        self._is_scheduled = False

    def install(self) -> None:
        """Replace ministack's evaluation."""
        _EVALUATE.replace(self._changed)

    def reset(self) -> None:
        """Forget the evaluation that was scheduled: the worker has dropped it."""
        with self._lock:
            self._is_scheduled = False

    def _changed(self, alarm: dict[str, Any]) -> None:
        """An alarm is new, or there are data: the next evaluation sees it."""
        del alarm
        with self._lock:
            if self._is_scheduled:
                return
            self._is_scheduled = True
        self._worker.later(_EVALUATION_SECONDS, self._evaluate_all)

    def _evaluate_all(self) -> None:
        alarms = list(_ALARMS.get().values())
        for alarm in alarms:
            try:
                self._evaluate(alarm)
            except Exception:
                log.exception("alarm %s cannot be evaluated", alarm.get("AlarmName"))
        with self._lock:
            self._is_scheduled = bool(alarms)
        if alarms:
            self._worker.later(_EVALUATION_SECONDS, self._evaluate_all)

    def _evaluate(self, alarm: dict[str, Any]) -> None:
        dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions") or ()}
        key = (alarm.get("Namespace"), alarm.get("MetricName"), _DIMENSIONS.get()(dimensions))
        points = list(_METRICS.get().get(key) or ())
        spans = evaluation.periods(alarm, now=time.time(), scale=self._worker.time_scale)
        values = [
            self._value(alarm, [point for point in points if begin <= point["Timestamp"] < end])
            for begin, end in spans
        ]
        found = evaluation.state(alarm, values)
        if found is None or found[0] == (old := alarm["StateValue"]):
            return
        new, reason = found
        alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        log.info("alarm %s: %s, %s", alarm["AlarmName"], new, reason)
        _RECORD.get()(alarm["AlarmName"], old, new, reason)
        _DISPATCH.get()(alarm, old, new, reason)

    @staticmethod
    def _value(alarm: dict[str, Any], points: list[dict[str, Any]]) -> float | None:
        if not points:
            return None
        name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        found: float | None = _STATISTIC.get()(_STATISTICS.get()(points), name, points)
        return found
