"""Waits until the Auto Scaling groups have settled: CloudFormation does not wait for every instance."""

from kubequorum_cli.console import Stage
from kubequorum_cli.resources import IN_SERVICE, Resources
from kubequorum_cli.target import Target
from kubequorum_cli.waiting import SETTLE_SECONDS, wait_until_complete


def wait_for_groups(target: Target, stage: Stage) -> None:
    """Wait until every group of the cluster has all its instances in service.

    Raises:
        CommandError: not in time; with the groups that have not.
    """
    resources = Resources(target)
    wait_until_complete(
        lambda: not_in_service(resources),
        stage,
        seconds=SETTLE_SECONDS,
        what="not every instance is in service",
        remedy="look at its console output: aws ec2 get-console-output --latest --output text "
        "--instance-id INSTANCE; the group keeps retrying",
    )


def instances_in_service(target: Target) -> set[str]:
    """Ids of the cluster's instances that are in service."""
    return {
        instance["InstanceId"]
        for group in Resources(target).all_groups()
        for instance in group.get("Instances", [])
        if instance["LifecycleState"] == IN_SERVICE
    }


def not_in_service(resources: Resources) -> list[str]:
    """A line for each group of the cluster that lacks instances, or has some that are not in service."""
    lines = []
    for group in resources.all_groups():
        states = {i["InstanceId"]: i["LifecycleState"] for i in group.get("Instances", [])}
        others = [f"{id_} {state}" for id_, state in states.items() if state != IN_SERVICE]
        ready = len(states) - len(others)
        if others or ready != group["DesiredCapacity"]:
            name, desired = group["AutoScalingGroupName"], group["DesiredCapacity"]
            lines.append(", ".join([f"{name}: {ready} of {desired} in service", *others]))
    return lines
