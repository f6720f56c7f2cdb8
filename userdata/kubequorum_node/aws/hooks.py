"""The lifecycle hooks of this machine's Auto Scaling group.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html has the states.
"""

from typing import Literal

from botocore.exceptions import ClientError

from kubequorum_node.aws.clients import Aws, error_code, error_message
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.clock import Clock
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from kubequorum_node.log import say

_WAITING = {LAUNCH_HOOK: "Pending:Wait", TERMINATE_HOOK: "Terminating:Wait"}
"""The state of an instance while its group waits for a hook."""
_LOOKS = 12
_PAUSE_SECONDS = 5.0


class Hooks:
    """What this machine tells its group about its launch and its end."""

    def __init__(self, *, aws: Aws, metadata: Metadata, clock: Clock) -> None:
        self._aws = aws
        self._metadata = metadata
        self._clock = clock

    def groups(self) -> dict[str, str]:
        """The group that this instance is in, with the instance's state there; none, if it is in none."""
        instance_id = self._metadata.instance_id()
        answer = self._aws.call(
            lambda: self._aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
        )
        return {
            instance["AutoScalingGroupName"]: instance["LifecycleState"]
            for instance in answer["AutoScalingInstances"]
        }

    def complete(self, hook: str, result: Literal["CONTINUE", "ABANDON"]) -> bool:
        """Complete a lifecycle action; one that has ended already, by time-out or by us, is left alone.

        Returns whether there was one.
        """
        instance_id = self._metadata.instance_id()
        was_open = False
        for group in self.groups():
            try:
                self._complete_in(group, hook, instance_id, result)
                was_open = True
            except ClientError as error:
                if not is_validation_error(error):
                    raise
                say(f"no {hook} action is open for {instance_id}: {error_message(error)}")
        return was_open

    def insist(self, hook: str) -> None:
        """Complete a lifecycle action again for as long as the group goes on waiting, up to a minute.

        AWS may say yes to a completion and lose it. The group would wait until the hook's time-out.
        """
        for look in range(_LOOKS):
            if _WAITING[hook] not in self.groups().values():
                return
            if look:
                say(f"the group still waits for the {hook} hook: complete it again")
                self.complete(hook, "CONTINUE")
            self._clock.sleep(_PAUSE_SECONDS)
        say(f"the group still waits for the {hook} hook, and will until that times out")

    def prolong(self, hook: str) -> None:
        """Have a hook count its time-out anew."""
        instance_id = self._metadata.instance_id()
        for group in self.groups():
            self._prolong_in(group, hook, instance_id)

    def _complete_in(self, group: str, hook: str, instance_id: str, result: str) -> None:
        self._aws.call(
            lambda: self._aws.autoscaling.complete_lifecycle_action(
                AutoScalingGroupName=group,
                LifecycleHookName=hook,
                InstanceId=instance_id,
                LifecycleActionResult=result,
            )
        )

    def _prolong_in(self, group: str, hook: str, instance_id: str) -> None:
        self._aws.call(
            lambda: self._aws.autoscaling.record_lifecycle_action_heartbeat(
                AutoScalingGroupName=group, LifecycleHookName=hook, InstanceId=instance_id
            )
        )


def is_validation_error(error: ClientError) -> bool:
    """Whether AWS says that there is nothing of the kind."""
    return error_code(error) == "ValidationError"
