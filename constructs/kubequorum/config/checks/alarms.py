"""Who is notified of alarms."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_REGION_FIELD = 3
"""Of an ARN."""


def alarm_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check that alarms can reach the topic: one of another region cannot be an alarm's action.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    arn = cluster.alarms.topic_arn
    if arn is not None and (region := arn.split(":")[_REGION_FIELD]) != cluster.region:
        yield Problem(
            "alarms.topic_arn",
            arn,
            f"the topic is in {region}, and the alarms are in {cluster.region}",
            f"use a topic of {cluster.region}; it may have subscribers anywhere",
        )
