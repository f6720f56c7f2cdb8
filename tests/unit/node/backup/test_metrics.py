"""What CloudWatch gets to know, and that it never holds up the backups."""

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_node.backup import metrics, names
from kubequorum_node.backup.coverage import Coverage
from kubequorum_node.backup.drill import DrillResult
from kubequorum_node.backup.metrics import Measurement, Metric, Reporter
from tests.unit.node.backup.memory_bucket import MemoryBucket
from tests.unit.node.fakes import FakeNode

NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
MEASURED = Measurement(backup_age=3.0, full_age=60.0, full_bytes=4096)


def _drill(what: str = "") -> DrillResult:
    began = (NOW - timedelta(hours=2)).isoformat()
    return DrillResult(passed=not what, at=began, by="b", generation=1, what=what)


def test_values_with_their_units() -> None:
    """Those of the writer, and those of the last drill."""
    assert metrics.metrics(MEASURED, _drill(), now=NOW) == [
        Metric("BackupAge", 3.0, "Seconds"),
        Metric("FullSnapshotAge", 60.0, "Seconds"),
        Metric("FullSnapshotSize", 4096, "Bytes"),
        Metric("DrillFailed", 0.0, "Count"),
        Metric("DrillAge", 7200.0, "Seconds"),
    ]
    failed = metrics.metrics(MEASURED, _drill("differs"), now=NOW)
    assert Metric("DrillFailed", 1.0, "Count") in failed


def test_what_is_not_known_is_not_sent() -> None:
    """Zero would say that all is well."""
    assert [
        each.name for each in metrics.metrics(Measurement.of(Coverage(since=0.0), None), None, now=NOW)
    ] == ["BackupAge"]


def test_the_last_drill_is_read_from_the_bucket() -> None:
    """Whichever master ran it; and one that cannot be read does not keep the others back."""
    bucket, sent = MemoryBucket(), list[Sequence[Metric]]()
    bucket.create(f"{names.DRILLS}2027-01-15T100000Z-b.json", json.dumps(asdict(_drill("differs"))).encode())
    _report(Reporter(bucket, sent.append))
    bucket.failing = True
    _report(Reporter(bucket, sent.append))
    assert [len(values) for values in sent] == [5, 3]


def _report(reporter: Reporter) -> None:
    reporter.report_if_due(lambda: MEASURED)
    reporter.wait(10)


def test_an_api_that_hangs_holds_up_nothing() -> None:
    """Nor are there two requests at a time."""
    begun, release = threading.Semaphore(0), threading.Event()

    def send(_: Sequence[Metric]) -> None:
        begun.release()
        assert release.wait(30)

    reporter = Reporter(MemoryBucket(), send, seconds=0.0)
    reporter.report_if_due(lambda: MEASURED)
    assert begun.acquire(timeout=10)
    reporter.report_if_due(lambda: pytest.fail("measured although one is being sent"))
    release.set()
    reporter.wait(10)
    reporter.report_if_due(lambda: MEASURED)
    assert begun.acquire(timeout=10)


def test_a_refusal_is_logged_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Not every minute; and when it has ended."""
    refused = True

    def send(_: Sequence[Metric]) -> None:
        if refused:
            raise PermissionError("cloudwatch:PutMetricData")

    reporter = Reporter(MemoryBucket(), send, seconds=0.0)
    for _ in range(3):
        _report(reporter)
    assert capsys.readouterr().err.count("cloudwatch:PutMetricData") == 1
    refused = False
    _report(reporter)
    assert "sent again" in capsys.readouterr().err


def test_the_request_to_cloudwatch(node: FakeNode) -> None:
    """As AWS's model wants it: one namespace, one dimension, no time of this host's clock."""
    metrics.to_cloudwatch(node.aws, "ha")([Metric("BackupAge", 3.0, "Seconds")])
    assert node.aws.asked("put_metric_data") == [
        {
            "Namespace": "Kubequorum",
            "MetricData": [
                {
                    "MetricName": "BackupAge",
                    "Value": 3.0,
                    "Unit": "Seconds",
                    "Dimensions": [{"Name": "Cluster", "Value": "ha"}],
                }
            ],
        }
    ]
