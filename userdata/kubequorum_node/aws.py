"""Clients of the AWS API with bounded retries."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_cloudformation import CloudFormationClient

# Standard mode retries throttling, 5xx and lost connections, pausing up to 20 s with jitter. Ten attempts
# last a few minutes at the most, well inside the time-out of the launch hook.
_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 10})


class Aws:
    """The services that a node speaks to, each connected when first used."""

    def __init__(self, region: str) -> None:
        self._session = boto3.session.Session(region_name=region)

    @cached_property
    def autoscaling(self) -> "AutoScalingClient":
        """EC2 Auto Scaling."""
        return self._session.client("autoscaling", config=_CONFIG)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """CloudFormation."""
        return self._session.client("cloudformation", config=_CONFIG)
