"""What CloudFormation looks at while it waits for a group."""

from typing import Any

from local.api.calls import call
from local.api.worker import Worker

_POLL_SECONDS = 0.1
"""Real time between two looks: the group is in this process."""


def describe(group_name: str) -> dict[str, Any]:
    """The group as DescribeAutoScalingGroups shows it.

    Raises:
        LookupError: there is no such group.
    """
    groups = call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[group_name])
    for group in groups["AutoScalingGroups"]:
        found: dict[str, Any] = group
        return found
    raise LookupError(f"AutoScalingGroup {group_name} does not exist: it was deleted outside CloudFormation")


def exists(group_name: str) -> bool:
    """Whether there is such a group."""
    groups = call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[group_name])
    return bool(groups["AutoScalingGroups"])


def instances(group_name: str) -> set[str]:
    """Ids of all instances in the group, those on their way out included."""
    return {instance["InstanceId"] for instance in describe(group_name)["Instances"]}


def living_instances(group: dict[str, Any]) -> dict[str, str]:
    """The lifecycle states of the instances that are not on their way out, by instance id."""
    return {
        instance["InstanceId"]: instance["LifecycleState"]
        for instance in group["Instances"]
        if not instance["LifecycleState"].startswith("Terminat")
    }


def last_failure(group_name: str) -> str | None:
    """Why the newest failed scaling activity failed, None if none did."""
    activities = call("autoscaling", "describe_scaling_activities", AutoScalingGroupName=group_name)[
        "Activities"
    ]
    for activity in activities:
        if activity["StatusCode"] in ("Failed", "Cancelled"):
            return str(activity.get("StatusMessage") or activity.get("Description") or activity["StatusCode"])
    return None


def wait_until_stable(group_name: str, worker: Worker) -> None:
    """Wait until the group has launched as many instances as it wants.

    Raises:
        RuntimeError: a launch failed.
    """
    while True:
        group = describe(group_name)
        size = len(living_instances(group))
        if size >= group["DesiredCapacity"]:
            return
        failure = last_failure(group_name)
        if failure is not None:
            sizes = f"{{{size}/{group['MinSize']}/{group['MaxSize']}/{group['DesiredCapacity']}}}"
            raise RuntimeError(
                "Group did not stabilize. {current/minSize/maxSize/desiredCapacity} group size = "
                f"{sizes}. Failed Scaling Activity: {failure}"
            )
        pause(worker)


def wait_until_empty(group_name: str, worker: Worker) -> None:
    """Wait until no instance is left in the group."""
    while instances(group_name):
        pause(worker)


def pause(worker: Worker) -> None:
    """Wait for a moment of real time.

    Raises:
        InterruptedError: the emulator is closing.
    """
    if not worker.sleep(_POLL_SECONDS / worker.time_scale):
        raise InterruptedError("the emulator is closing")
