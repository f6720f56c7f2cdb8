"""A group behind the API: its VPC, its launch template, and short ways to look at it."""

from dataclasses import dataclass
from typing import Any

from emulator.tests.api.emulator import Emulator
from emulator.tests.api.recording import until

IMAGE = "ami-0123456789abcdef0"
LAUNCH = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATING"


@dataclass
class Site:
    """A subnet, a launch template, and groups that use them."""

    aws: Emulator
    name: str
    subnet_id: str
    vpc_id: str

    def __post_init__(self) -> None:
        self.asg: Any = self.aws.client("autoscaling")
        self.ec2: Any = self.aws.client("ec2")

    def create(self, *hooks: dict[str, Any], **settings: Any) -> None:
        """A group of one."""
        defaults: dict[str, Any] = {
            "MinSize": 1,
            "MaxSize": 2,
            "VPCZoneIdentifier": self.subnet_id,
            "LaunchTemplate": {"LaunchTemplateName": self.name, "Version": "$Latest"},
            "LifecycleHookSpecificationList": list(hooks),
        }
        self.asg.create_auto_scaling_group(AutoScalingGroupName=self.name, **{**defaults, **settings})

    def group(self) -> dict[str, Any]:
        """The group as described."""
        found: list[dict[str, Any]] = self.asg.describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )["AutoScalingGroups"]
        return found[0]

    def states(self) -> dict[str, str]:
        """Lifecycle state of every instance."""
        return {entry["InstanceId"]: entry["LifecycleState"] for entry in self.group()["Instances"]}

    def reach(self, state: str) -> str:
        """Wait until the only instance is in a state; its id."""
        until(lambda: list(self.states().values()) == [state])
        return next(iter(self.states()))

    def activities(self) -> list[dict[str, Any]]:
        """Scaling activities, newest first."""
        answer = self.asg.describe_scaling_activities(AutoScalingGroupName=self.name)
        found: list[dict[str, Any]] = answer["Activities"]
        return found

    def complete(self, instance_id: str, hook: str, result: str = "CONTINUE") -> None:
        """Complete a lifecycle action by instance id."""
        self.asg.complete_lifecycle_action(
            AutoScalingGroupName=self.name,
            LifecycleHookName=hook,
            InstanceId=instance_id,
            LifecycleActionResult=result,
        )


def hook(name: str, transition: str, **settings: Any) -> dict[str, Any]:
    """A hook that gives up after 30 seconds, the shortest timeout that AWS allows."""
    return {"LifecycleHookName": name, "LifecycleTransition": transition, "HeartbeatTimeout": 30, **settings}
