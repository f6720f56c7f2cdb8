"""Alarms about backups: they match what masters send, and nobody can miss them."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from kubequorum_node.backup import metrics
from kubequorum_node.backup.drill import DrillResult
from kubequorum_node.backup.metrics import Measurement
from kubequorum_node.document import METRICS_NAMESPACE
from tests.synthesis import REPOSITORY, load_variant, synthesise, synthesise_cluster
from tests.unit.templates.common import EVERY_CLUSTER

ALARM = "AWS::CloudWatch::Alarm"


def _alarms(cluster: str) -> dict[str, dict[str, Any]]:
    resources = synthesise(cluster).templates["ControlPlane"]["Resources"].values()
    alarms = [resource for resource in resources if resource["Type"] == ALARM]
    return {alarm["Properties"]["MetricName"]: alarm for alarm in alarms}


@EVERY_CLUSTER
def test_every_alarm_is_about_a_metric_that_masters_send(cluster: str) -> None:
    """Another name, namespace or dimension would be an alarm about nothing."""
    drill = DrillResult(passed=True, at="2027-01-15T12:00:00+00:00", by="a", generation=1)
    measured = Measurement(backup_age=1, full_age=1, full_bytes=1)
    sent = {each.name for each in metrics.metrics(measured, drill, now=datetime.now(UTC))}
    alarms = _alarms(cluster)
    assert set(alarms) <= sent
    assert set(alarms) == {"BackupAge", "DrillFailed", "DrillAge"}
    for alarm in alarms.values():
        properties = alarm["Properties"]
        assert properties["Namespace"] == METRICS_NAMESPACE
        assert properties["Dimensions"] == [{"Name": "Cluster", "Value": cluster}]


def test_silence_of_the_masters_is_an_alarm() -> None:
    """For 5 minutes no backup, or no report of one."""
    properties = _alarms("ha")["BackupAge"]["Properties"]
    assert properties["TreatMissingData"] == "breaching"
    assert properties["Period"] * properties["EvaluationPeriods"] == 300
    assert properties["Period"] >= metrics._SEND_SECONDS


def test_alarms_begin_when_masters_have_proved_that_they_work() -> None:
    """Otherwise each creation of a control plane would notify people."""
    assert all(alarm["DependsOn"] == ["ControlPlaneReady"] for alarm in _alarms("ha").values())


@pytest.mark.parametrize("topic", [None, "arn:aws:sns:eu-central-1:111122223333:on-call"])
def test_the_topic_is_notified_of_begin_and_end(topic: str | None) -> None:
    """If the cluster file names one."""
    cluster = load_variant("ha")
    changed = cluster.model_copy(update={"alarms": cluster.alarms.model_copy(update={"topic_arn": topic})})
    resources = synthesise_cluster(changed).templates["ControlPlane"]["Resources"].values()
    alarms = [resource["Properties"] for resource in resources if resource["Type"] == ALARM]
    assert len(alarms) == 3
    for alarm in alarms:
        for actions in ("AlarmActions", "OKActions"):
            assert alarm.get(actions) == ([topic] if topic else None)


def test_descriptions_name_a_page_that_exists() -> None:
    """Whoever is notified reads nothing else first."""
    for alarm in _alarms("ha").values():
        (page,) = re.findall(r"docs/operations/[\w-]+\.md", alarm["Properties"]["AlarmDescription"])
        assert (REPOSITORY / page).is_file()
