"""Alarms through the API: by dimension, without data, and with their actions; and who may write metrics."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator
from emulator.tests.api.iam.policies import allow, denied

PATIENCE_SECONDS = 30.0


class Metric:
    """A metric in a namespace of its own, with an alarm that notifies a queue."""

    def __init__(self, emulator: Emulator) -> None:
        self.client = emulator.client("cloudwatch")
        self.namespace = f"test-{uuid4().hex[:12]}"
        self._sqs = emulator.client("sqs")
        endpoint = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{self.namespace}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": endpoint,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        created = self._sqs.create_queue(QueueName=self.namespace, Attributes={"Policy": policy})
        self._queue = created["QueueUrl"]
        sns = emulator.client("sns")
        topic = sns.create_topic(Name=self.namespace)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
        self.client.put_metric_alarm(
            AlarmName=self.namespace,
            Namespace=self.namespace,
            MetricName="Age",
            Dimensions=[{"Name": "Cluster", "Value": "x"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=2,
            Threshold=5.0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
            AlarmActions=[topic],
            OKActions=[topic],
        )

    def put(self, value: float, *, cluster: str = "x") -> None:
        """One value, now."""
        dimensions = [{"Name": "Cluster", "Value": cluster}]
        data = [{"MetricName": "Age", "Dimensions": dimensions, "Value": value, "Unit": "Seconds"}]
        self.client.put_metric_data(Namespace=self.namespace, MetricData=data)

    def state(self) -> str:
        """Of the alarm."""
        (alarm,) = self.client.describe_alarms(AlarmNames=[self.namespace])["MetricAlarms"]
        return str(alarm["StateValue"])

    def wait_for(self, state: str, *, put: float | None = None, cluster: str = "x") -> None:
        """Until the alarm has a state, with so many values meanwhile."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self.state() != state:
            assert time.monotonic() < end, f"the alarm is {self.state()}, not {state}"
            if put is not None:
                self.put(put, cluster=cluster)
            time.sleep(0.1)

    def notices(self) -> list[dict[str, Any]]:
        """What the queue has got."""
        received = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(json.loads(each["Body"])["Message"]) for each in received.get("Messages", [])]


@pytest.fixture
def metric(emulator: Emulator) -> Metric:
    """A new one."""
    return Metric(emulator)


def test_no_data_at_all_is_an_alarm(metric: Metric) -> None:
    """Where missing data are breaching: nobody has to write anything for it; values end it."""
    assert metric.state() == "INSUFFICIENT_DATA"
    metric.wait_for("ALARM")
    metric.wait_for("OK", put=1)
    states = [notice["NewStateValue"] for notice in metric.notices()]
    assert sorted(states) == ["ALARM", "OK"]


def test_only_an_alarms_own_dimensions_count(metric: Metric) -> None:
    """Another cluster's values do not end it, and its own breaching ones do not, either."""
    metric.wait_for("ALARM")
    metric.wait_for("OK", put=1)
    metric.wait_for("ALARM", put=1, cluster="other")
    metric.wait_for("OK", put=1)
    metric.wait_for("ALARM", put=9)


def test_a_role_may_write_metrics_of_one_namespace(emulator: Emulator) -> None:
    """As the condition on cloudwatch:namespace says; metrics have no ARN."""
    own = allow("cloudwatch:PutMetricData", StringEquals={"cloudwatch:namespace": "Own"})
    session = emulator.session_of([own])
    client = emulator.client("cloudwatch", session=session)
    data = [{"MetricName": "Age", "Value": 1.0}]
    client.put_metric_data(Namespace="Own", MetricData=data)
    with denied("cloudwatch:PutMetricData"):
        client.put_metric_data(Namespace="AWS/EC2", MetricData=data)
    with denied("cloudwatch:ListMetrics"):
        client.list_metrics(Namespace="Own")
