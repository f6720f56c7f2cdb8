"""A machine's place in its Auto Scaling group: ready, failed, and later gone, each said once."""

from typing import Literal

from botocore.exceptions import ClientError

from kubequorum_node.aws import Aws, error_code, error_message
from kubequorum_node.clock import Clock, NotYetError, WaitError
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK, NodeConfig
from kubequorum_node.document import ClusterDocument
from kubequorum_node.imds import Metadata
from kubequorum_node.log import say, step

_POLL_SECONDS = 2.0
_LONGEST_POLL_SECONDS = 10.0
_SIGNAL_WAIT_SECONDS = 120.0
"""How long a stack may take from creating the group to waiting for its signals."""
_UNIQUE_ID_LENGTH = 64
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SignalResource.html"""

Outcome = Literal["sent", "not wanted", "not yet"]
Status = Literal["SUCCESS", "FAILURE"]


class Lifecycle:
    """What this machine tells its group and its stack."""

    def __init__(
        self,
        config: NodeConfig,
        document: ClusterDocument,
        *,
        aws: Aws,
        metadata: Metadata,
        clock: Clock,
    ) -> None:
        self._config = config
        self._clock = clock
        self._stack = document.stack
        self._aws = aws
        self._metadata = metadata

    def report_ready(self) -> None:
        """Complete the launch hook, then signal whatever in the stack waits for it."""
        with step("complete the launch hook"):
            self._complete(LAUNCH_HOOK, "CONTINUE")
        for logical_id in self._config.signals:
            with step(f"signal {logical_id}"):
                try:
                    self._signal_when_wanted(logical_id)
                except WaitError as error:
                    say(f"nobody waited for it: {error}")

    def report_failed(self, reason: str) -> None:
        """Tell a stack that waits why this boot failed, then give the launch up: the group tries again.

        A signal has no reason, only an id that the stack's event shows, and no rule for it but its length.
        So the reason stands there, after the instance's id, as far as it goes.
        """
        for logical_id in self._config.signals:
            with step(f"signal {logical_id}: FAILURE"):
                self._signal(logical_id, "FAILURE", failure_id(self._metadata.instance_id(), reason))
        with step("give the launch up"):
            self._complete(LAUNCH_HOOK, "ABANDON")

    def wait_for_termination(self) -> None:
        """Return once the group wants this instance gone."""
        while self._metadata.target_lifecycle_state() != "Terminated":
            self._clock.sleep(_POLL_SECONDS)
        say("the Auto Scaling group ends this instance")

    def report_gone(self) -> None:
        """Complete the terminate hook: nothing here is needed any more."""
        with step("complete the terminate hook"):
            self._complete(TERMINATE_HOOK, "CONTINUE")

    def _complete(self, hook: str, result: Literal["CONTINUE", "ABANDON"]) -> None:
        """Complete a lifecycle action; one that has ended already, by time-out or by us, is left alone."""
        instance_id = self._metadata.instance_id()
        answer = self._aws.call(
            lambda: self._aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
        )
        for instance in answer["AutoScalingInstances"]:
            group = instance["AutoScalingGroupName"]
            try:
                self._complete_in(group, hook, instance_id, result)
            except ClientError as error:
                if not _is_validation_error(error):
                    raise
                say(f"no {hook} action is open for {instance_id}: {error_message(error)}")

    def _complete_in(self, group: str, hook: str, instance_id: str, result: str) -> None:
        self._aws.call(
            lambda: self._aws.autoscaling.complete_lifecycle_action(
                AutoScalingGroupName=group,
                LifecycleHookName=hook,
                InstanceId=instance_id,
                LifecycleActionResult=result,
            )
        )

    def _signal_when_wanted(self, logical_id: str) -> None:
        def attempt() -> None:
            if self._signal(logical_id, "SUCCESS", self._metadata.instance_id()) == "not yet":
                raise NotYetError(f"{self._stack} has not come to it")

        self._clock.poll(
            f"{logical_id} to wait for a signal",
            attempt,
            seconds=_SIGNAL_WAIT_SECONDS,
            pause=_POLL_SECONDS,
            longest_pause=_LONGEST_POLL_SECONDS,
        )

    def _signal(self, logical_id: str, status: Status, unique_id: str) -> Outcome:
        """Signal if the resource waits for it now; tell whether it is about to."""
        try:
            detail = self._aws.call(
                lambda: self._aws.cloudformation.describe_stack_resource(
                    StackName=self._stack, LogicalResourceId=logical_id
                )
            )["StackResourceDetail"]
            if not detail["ResourceStatus"].endswith("_IN_PROGRESS"):
                return "not wanted"
            self._aws.call(
                lambda: self._aws.cloudformation.signal_resource(
                    StackName=self._stack,
                    LogicalResourceId=logical_id,
                    UniqueId=unique_id,
                    Status=status,
                )
            )
        except ClientError as error:
            if not _is_validation_error(error):
                raise
            # The stack has not come to this resource, or has just stopped waiting: look again.
            return "not yet"
        return "sent"


def failure_id(instance_id: str, reason: str) -> str:
    """The id of a FAILURE signal: the instance, and as much of the reason as there is room for."""
    plain = " ".join(reason.encode("ascii", "replace").decode().split())
    return f"{instance_id} {plain}"[:_UNIQUE_ID_LENGTH].rstrip()


def _is_validation_error(error: ClientError) -> bool:
    return error_code(error) == "ValidationError"
