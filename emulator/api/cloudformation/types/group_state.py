"""What CloudFormation looks at while it waits for a group."""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.api.calls import call
from emulator.api.worker import Worker

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
    """Ids of all instances in the group, terminating ones included."""
    return {instance["InstanceId"] for instance in describe(group_name)["Instances"]}


def living_instances(group: dict[str, Any]) -> dict[str, str]:
    """The lifecycle states of the instances that are not terminating, by instance id."""
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


def is_launched(state: str) -> bool:
    """Whether an instance in this state is launched: one that waits in a launch hook is."""
    return not state.startswith("Terminat")


def is_in_service(state: str) -> bool:
    """Whether an instance in this state has passed its launch hooks."""
    return state == "InService"


COUNTS: Mapping[str, Callable[[str], bool]] = {"launched": is_launched, "in-service": is_in_service}
"""Which instances of a new group count, by `Context.new_groups`."""


def wait_until_stable(
    group_name: str, worker: Worker, *, counts: Callable[[str], bool] = is_launched
) -> None:
    """Wait until the group has as many instances as it wants, of those that count.

    Raises:
        RuntimeError: a launch failed.
    """
    while True:
        group = describe(group_name)
        size = sum(map(counts, living_instances(group).values()))
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
