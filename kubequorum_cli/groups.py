"""Waits until the Auto Scaling groups have settled: CloudFormation does not wait for every instance."""

from kubequorum_cli.console import Stage
from kubequorum_cli.target import Target
from kubequorum_cli.waiting import SETTLE_SECONDS, wait_until_complete


def wait_for_groups(target: Target, stage: Stage) -> None:
    """Wait until every group has all its instances in service.

    Raises:
        CommandError: not in time; with the groups that have not.
    """
    wait_until_complete(
        lambda: _not_in_service(target),
        stage,
        seconds=SETTLE_SECONDS,
        what="not every instance is in service",
        remedy="look at its console output: ./kubequorum logs INSTANCE; the group keeps retrying",
    )


def addresses_in_service(target: Target) -> set[str]:
    """The private addresses of all instances that are in service."""
    pages = target.client("autoscaling").get_paginator("describe_auto_scaling_instances").paginate()
    ids = [
        instance["InstanceId"]
        for page in pages
        for instance in page["AutoScalingInstances"]
        if instance["LifecycleState"] == "InService"
    ]
    if not ids:
        return set()
    described = target.client("ec2").get_paginator("describe_instances")
    return {
        instance["PrivateIpAddress"]
        for page in described.paginate(Filters=[{"Name": "instance-id", "Values": ids}])
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if "PrivateIpAddress" in instance
    }


def _not_in_service(target: Target) -> list[str]:
    """A line for each group that lacks instances, or has some that are not in service."""
    lines = []
    pages = target.client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
    for group in (group for page in pages for group in page["AutoScalingGroups"]):
        states = {i["InstanceId"]: i["LifecycleState"] for i in group.get("Instances", [])}
        others = [f"{id_} {state}" for id_, state in states.items() if state != "InService"]
        ready = len(states) - len(others)
        if others or ready != group["DesiredCapacity"]:
            name, desired = group["AutoScalingGroupName"], group["DesiredCapacity"]
            lines.append(", ".join([f"{name}: {ready} of {desired} in service", *others]))
    return lines
