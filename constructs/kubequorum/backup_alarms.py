"""Alarms about backups of etcd, by the metrics that masters send; see docs/backups.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from kubequorum_node.document import METRICS_NAMESPACE

_MINUTE_SECONDS = 60
_HOUR_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class _Alarm:
    construct_id: str
    metric: str
    """A name of the node program's `backup/metrics.py`."""
    above: float
    period_seconds: int
    periods: int
    missing_data: str
    description: str


_ALARMS = (
    _Alarm(
        construct_id="NoBackup",
        metric="BackupAge",
        above=60,
        period_seconds=_MINUTE_SECONDS,
        periods=5,
        # Masters that cannot write backups, or are not there, send nothing.
        missing_data="breaching",
        description=(
            "for 5 minutes changes of more than the last minute were not backed up, or no master reported: "
            "docs/operations/backups.md"
        ),
    ),
    _Alarm(
        construct_id="DrillFailed",
        metric="DrillFailed",
        above=0,
        period_seconds=_MINUTE_SECONDS,
        periods=1,
        # There is none before the first drill; that no master reports has an alarm of its own.
        missing_data="notBreaching",
        description="the last restore drill failed, so backups may be unusable: docs/operations/backups.md",
    ),
    _Alarm(
        construct_id="NoDrill",
        metric="DrillAge",
        above=48 * _HOUR_SECONDS,
        period_seconds=_HOUR_SECONDS,
        periods=1,
        missing_data="notBreaching",
        description="no restore drill was run for two days: docs/operations/backups.md",
    ),
)


class BackupAlarms(Construct):
    """Alarms that nobody can miss, if there is a topic; without one they are seen in the console only.

    Args:
        cluster_name: the metrics' dimension.
        topic_arn: the SNS topic that is notified when an alarm begins and when it ends; None for none.

    """

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster_name: str, topic_arn: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        notified = [topic_arn] if topic_arn is not None else None
        self.alarms: Sequence[cloudwatch.CfnAlarm] = [
            cloudwatch.CfnAlarm(
                self,
                alarm.construct_id,
                alarm_description=f"Kubequorum {cluster_name}: {alarm.description}",
                namespace=METRICS_NAMESPACE,
                metric_name=alarm.metric,
                dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="Cluster", value=cluster_name)],
                statistic="Maximum",
                comparison_operator="GreaterThanThreshold",
                threshold=alarm.above,
                period=alarm.period_seconds,
                evaluation_periods=alarm.periods,
                treat_missing_data=alarm.missing_data,
                alarm_actions=notified,
                ok_actions=notified,
            )
            for alarm in _ALARMS
        ]
