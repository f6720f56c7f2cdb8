"""A machine's place in its Auto Scaling group: ready, and later gone, each said once."""

import time
from collections.abc import Callable
from typing import Literal

from botocore.exceptions import ClientError

from kubequorum_node.aws import Aws
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK, NodeConfig
from kubequorum_node.imds import Metadata
from kubequorum_node.log import say, step

_POLL_SECONDS = 2.0
_SIGNAL_WAIT_SECONDS = 120.0
"""How long a stack may take from creating the group to waiting for its signals."""


class Lifecycle:
    """What this machine tells its group and its stack."""

    def __init__(self, config: NodeConfig, aws: Aws, metadata: Metadata) -> None:
        self._config = config
        self._aws = aws
        self._metadata = metadata

    def report_ready(self) -> None:
        """Complete the launch hook, then signal whatever in the stack waits for it."""
        with step("complete the launch hook"):
            self._complete(LAUNCH_HOOK)
        for logical_id in self._config.signals:
            with step(f"signal {logical_id}"):
                self._signal(logical_id)

    def wait_for_termination(self) -> None:
        """Return once the group wants this instance gone."""
        while self._metadata.target_lifecycle_state() != "Terminated":
            time.sleep(_POLL_SECONDS)
        say("the Auto Scaling group ends this instance")

    def report_gone(self) -> None:
        """Complete the terminate hook: nothing here is needed any more."""
        with step("complete the terminate hook"):
            self._complete(TERMINATE_HOOK)

    def _complete(self, hook: str) -> None:
        """Complete a lifecycle action; one that has ended already, by time-out or by us, is left alone."""
        instance_id = self._metadata.instance_id()
        answer = self._aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
        for instance in answer["AutoScalingInstances"]:
            try:
                self._aws.autoscaling.complete_lifecycle_action(
                    AutoScalingGroupName=instance["AutoScalingGroupName"],
                    LifecycleHookName=hook,
                    InstanceId=instance_id,
                    LifecycleActionResult="CONTINUE",
                )
            except ClientError as error:
                if not _is_validation_error(error):
                    raise
                say(f"no {hook} action is open for {instance_id}: {error.response['Error']['Message']}")

    def _signal(self, logical_id: str) -> None:
        """Signal success if the resource waits for it now, or is about to."""
        if _until(lambda: self._try_signal(logical_id), seconds=_SIGNAL_WAIT_SECONDS) == "not yet":
            say(f"{logical_id} of {self._config.stack} never waited for a signal")

    def _try_signal(self, logical_id: str) -> Literal["sent", "not wanted", "not yet"]:
        stack = self._config.stack
        try:
            detail = self._aws.cloudformation.describe_stack_resource(
                StackName=stack, LogicalResourceId=logical_id
            )["StackResourceDetail"]
            if not detail["ResourceStatus"].endswith("_IN_PROGRESS"):
                return "not wanted"
            self._aws.cloudformation.signal_resource(
                StackName=stack,
                LogicalResourceId=logical_id,
                UniqueId=self._metadata.instance_id(),
                Status="SUCCESS",
            )
        except ClientError as error:
            if not _is_validation_error(error):
                raise
            # The stack has not come to this resource, or has just stopped waiting: look again.
            return "not yet"
        return "sent"


def _until(
    attempt: Callable[[], Literal["sent", "not wanted", "not yet"]], *, seconds: float
) -> Literal["sent", "not wanted", "not yet"]:
    deadline = time.monotonic() + seconds
    while (outcome := attempt()) == "not yet" and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return outcome


def _is_validation_error(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ValidationError"
