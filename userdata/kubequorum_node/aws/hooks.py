"""The lifecycle hooks of this instance's Auto Scaling group.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html has the states.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from botocore.exceptions import ClientError

from kubequorum_node.aws import instances
from kubequorum_node.aws.clients import Aws, error_code, error_message
from kubequorum_node.aws.imds import Metadata
from kubequorum_node.clock import Clock, NotYetError, WaitError
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from kubequorum_node.log import info, warning

_WAITING = {LAUNCH_HOOK: "Pending:Wait", TERMINATE_HOOK: "Terminating:Wait"}
"""The state of an instance while its group waits for a hook."""
_BEFORE = {TERMINATE_HOOK: "Terminating"}
"""The state before, while load balancers drain: AWS refuses to complete the hook then ("No active Lifecycle
Action found"). An instance may be done by then, as its metadata service tells it of its end at once."""
DRAINING_SECONDS = 360.0
"""How long that may take: longer than a target group's deregistration delay, by the minutes that Network Load
Balancers have been seen to need."""
_RETRY_SECONDS = 60.0
_PAUSE_SECONDS = 5.0


class Hooks:
    """Completes and extends the lifecycle hooks of this instance."""

    def __init__(self, *, aws: Aws, metadata: Metadata, clock: Clock) -> None:
        self._aws = aws
        self._metadata = metadata
        self._clock = clock
        self._known: dict[str, str] = {}
        """Last result of `groups`: an instance does not change its group."""

    def groups(self) -> dict[str, str]:
        """The group that this instance is in, with its lifecycle state there; empty if it is in none."""
        instance_id = self._metadata.instance_id()
        answer = self._aws.call(
            lambda: self._aws.autoscaling.describe_auto_scaling_instances(InstanceIds=[instance_id])
        )
        self._known = {
            instance["AutoScalingGroupName"]: instance["LifecycleState"]
            for instance in answer["AutoScalingInstances"]
        }
        return self._known

    def group_names(self) -> list[str]:
        """The name of that group, asked for once."""
        return list(self._known or self.groups())

    def complete(self, hook: str, result: Literal["CONTINUE", "ABANDON"]) -> bool:
        """Complete a lifecycle action; one that has already ended, by time-out or by us, is left alone.

        Returns whether there was one.
        """
        instance_id = self._metadata.instance_id()
        tried = [self._try_to_complete(group, hook, instance_id, result) for group in self.groups()]
        return any(tried)

    def retry_completion(self, hook: str, look: Callable[[], Mapping[str, str]] | None = None) -> None:
        """Complete a lifecycle action again for as long as the group still waits for it, up to a minute.

        AWS may accept a completion and drop it, and refuses one that comes before the action is open. The
        group would wait until the hook's time-out.

        Args:
            hook: its name.
            look: how to see what state this instance is in, if not by `groups`.

        """
        look = look or self.groups
        was_early = self._wait_until_open(hook, look)
        is_first = not was_early

        def check() -> None:
            nonlocal is_first
            if _WAITING[hook] not in look().values():
                return
            if not is_first:
                warning(f"the group waits for the {hook} hook: completing it again")
                self.complete(hook, "CONTINUE")
            is_first = False
            raise NotYetError("it still waits")

        try:
            self._clock.poll(
                f"completion of the {hook} hook", check, seconds=_RETRY_SECONDS, pause=_PAUSE_SECONDS
            )
        except WaitError:
            warning(f"the group still waits for the {hook} hook, and will until that times out")

    def _wait_until_open(self, hook: str, look: Callable[[], Mapping[str, str]]) -> bool:
        """Wait while the action is not open yet; returns whether that was so."""
        if hook not in _BEFORE:
            return False
        early = False

        def check() -> None:
            nonlocal early
            if _BEFORE[hook] in look().values():
                early = True
                raise NotYetError(f"the group is about to wait for the {hook} hook, and does not yet")

        try:
            self._clock.poll(
                f"the {hook} hook to begin", check, seconds=DRAINING_SECONDS, pause=_PAUSE_SECONDS
            )
        except WaitError as error:
            warning(str(error))
        return early

    def complete_for_terminated_peers(self) -> dict[str, str]:
        """Complete the terminate hook of instances of this group that EC2 has terminated before they could.

        The group would wait until the hook's time-out. Only masters may describe groups.

        Returns the same as `groups`.
        """
        own = {}
        for group in self.group_names():
            for instance_id, state in self._members(group).items():
                if instance_id == self._metadata.instance_id():
                    own[group] = state
                elif state == _WAITING[TERMINATE_HOOK]:
                    self._complete_if_terminated(group, instance_id)
        return own

    def _complete_if_terminated(self, group: str, instance_id: str) -> None:
        state, _ = instances.view(self._aws, instance_id)
        if state in instances.GONE:
            info(f"{instance_id} of this group is {state or 'unknown to EC2'}: completing its terminate hook")
            self._try_to_complete(group, TERMINATE_HOOK, instance_id, "CONTINUE")

    def extend(self, hook: str) -> None:
        """Restart the time-out of a hook."""
        instance_id = self._metadata.instance_id()
        for group in self.groups():
            self._extend_in(group, hook, instance_id)

    def _members(self, group: str) -> dict[str, str]:
        answer = self._aws.call(
            lambda: self._aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        )
        return {
            member["InstanceId"]: member["LifecycleState"]
            for found in answer["AutoScalingGroups"]
            for member in found.get("Instances", [])
        }

    def _try_to_complete(self, group: str, hook: str, instance_id: str, result: str) -> bool:
        try:
            self._aws.call(
                lambda: self._aws.autoscaling.complete_lifecycle_action(
                    AutoScalingGroupName=group,
                    LifecycleHookName=hook,
                    InstanceId=instance_id,
                    LifecycleActionResult=result,
                )
            )
        except ClientError as error:
            if not is_validation_error(error):
                raise
            info(f"no {hook} action is open for {instance_id}: {error_message(error)}")
            return False
        return True

    def _extend_in(self, group: str, hook: str, instance_id: str) -> None:
        self._aws.call(
            lambda: self._aws.autoscaling.record_lifecycle_action_heartbeat(
                AutoScalingGroupName=group, LifecycleHookName=hook, InstanceId=instance_id
            )
        )


def is_validation_error(error: ClientError) -> bool:
    """Whether AWS says that there is no such thing."""
    return error_code(error) == "ValidationError"
