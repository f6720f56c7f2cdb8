"""What CloudWatch gets to know of backups: sent by the master that writes them, beside everything else.

Alarms depend on these names: constructs/kubequorum/backup_alarms.py. Of data points without a time CloudWatch
takes that of their arrival (PutMetricData), so a host's clock does not matter.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Self

from kubequorum_node import log
from kubequorum_node.aws.clients import Aws
from kubequorum_node.backup import drill
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.coverage import Coverage
from kubequorum_node.backup.drill import DrillResult
from kubequorum_node.backup.full_schedule import Newest
from kubequorum_node.document import METRICS_NAMESPACE

_SEND_SECONDS = 60.0
"""The alarms' period."""
_LOOK_FOR_DRILL_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What the writer knows."""

    backup_age: float
    """Seconds: everything acknowledged before is in the bucket."""
    full_age: float | None
    """Seconds since the newest full snapshot was written; None if there is none."""
    full_bytes: int | None
    """Size of it."""

    @classmethod
    def of(cls, coverage: Coverage, newest: Newest | None) -> Self:
        """Measure now what a writer knows."""
        now = time.monotonic()
        return cls(
            backup_age=coverage.lag_seconds(now),
            full_age=None if newest is None else now - newest.written,
            full_bytes=None if newest is None else newest.size_bytes,
        )


@dataclass(frozen=True)
class Metric:
    """One value."""

    name: str
    value: float
    unit: str


def metrics(measured: Measurement, last_drill: DrillResult | None, *, now: datetime) -> list[Metric]:
    """All values that there are; one that is not known is left out."""
    found = [Metric("BackupAge", measured.backup_age, "Seconds")]
    if measured.full_age is not None:
        found.append(Metric("FullSnapshotAge", measured.full_age, "Seconds"))
    if measured.full_bytes is not None:
        found.append(Metric("FullSnapshotSize", measured.full_bytes, "Bytes"))
    if last_drill is not None:
        age = (now - datetime.fromisoformat(last_drill.at)).total_seconds()
        found.append(Metric("DrillFailed", 0.0 if last_drill.passed else 1.0, "Count"))
        found.append(Metric("DrillAge", max(0.0, age), "Seconds"))
    return found


class Reporter:
    """Sends what was measured every minute, in a thread: an API that hangs must not hold up the backups."""

    def __init__(
        self, bucket: Bucket, send: Callable[[Sequence[Metric]], None], *, seconds: float = _SEND_SECONDS
    ) -> None:
        self._bucket = bucket
        self._send = send
        self._seconds = seconds
        self._due = 0.0
        self._thread: Thread | None = None
        self._drill: DrillResult | None = None
        self._look_for_drill = 0.0
        self._failing = False

    def report_if_due(self, measure: Callable[[], Measurement]) -> None:
        """Measure and send, if it is time and nothing is being sent."""
        now = time.monotonic()
        if now < self._due or (self._thread is not None and self._thread.is_alive()):
            return
        self._due = now + self._seconds
        self._thread = Thread(target=self._run, args=(measure(),), name="backup-metrics", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until what is being sent is sent."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, measured: Measurement) -> None:
        try:
            self._send(metrics(measured, self._last_drill(), now=datetime.now(UTC)))
        except Exception as error:
            if not self._failing:
                log.warning(f"backup: metrics cannot be sent, which is retried every minute: {error!r}")
            self._failing = True
        else:
            if self._failing:
                log.info("backup: metrics are sent again")
            self._failing = False

    def _last_drill(self) -> DrillResult | None:
        """As the bucket has it, looked up now and then; what cannot be read must not keep the others back."""
        now = time.monotonic()
        if now >= self._look_for_drill:
            self._look_for_drill = now + _LOOK_FOR_DRILL_SECONDS
            try:
                self._drill = drill.newest_result(self._bucket)
            except Exception as error:
                log.warning(f"backup: the last drill's result cannot be read: {error!r}")
        return self._drill


def to_cloudwatch(aws: Aws, cluster: str) -> Callable[[Sequence[Metric]], None]:
    """Send to CloudWatch, with the cluster's name as the only dimension."""

    def send(values: Sequence[Metric]) -> None:
        aws.call(
            lambda: aws.cloudwatch.put_metric_data(
                Namespace=METRICS_NAMESPACE,
                MetricData=[
                    {
                        "MetricName": each.name,
                        "Value": each.value,
                        "Unit": each.unit,  # type: ignore[typeddict-item]
                        "Dimensions": [{"Name": "Cluster", "Value": cluster}],
                    }
                    for each in values
                ],
            )
        )

    return send
