"""Waits until the deployed groups are at rest: CloudFormation does not wait for every machine."""

import boto3

from kubequorum_cli.console import Stage
from kubequorum_cli.waiting import wait_until_complete
from lab.settings import SETTLE_SECONDS


def wait_for_groups(stage: Stage) -> None:
    """Until every group has all its instances in service; CommandError that names the others otherwise.

    Asks the AWS of this process's environment.
    """
    wait_until_complete(
        _not_in_service,
        stage,
        seconds=SETTLE_SECONDS,
        what="not every instance is in service",
        remedy="see what it prints: ./kubequorum logs INSTANCE; the group goes on trying meanwhile",
    )


def addresses() -> set[str]:
    """The private addresses of all instances that are in service."""
    pages = boto3.client("autoscaling").get_paginator("describe_auto_scaling_instances").paginate()
    ids = [
        instance["InstanceId"]
        for page in pages
        for instance in page["AutoScalingInstances"]
        if instance["LifecycleState"] == "InService"
    ]
    found = (
        boto3.client("ec2")
        .get_paginator("describe_instances")
        .paginate(Filters=[{"Name": "instance-id", "Values": ids}])
    )
    return {
        instance["PrivateIpAddress"]
        for page in (found if ids else [])
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if "PrivateIpAddress" in instance
    }


def _not_in_service() -> list[str]:
    """A line for each group that has not what it wants."""
    client = boto3.client("autoscaling")
    lines = []
    for page in client.get_paginator("describe_auto_scaling_groups").paginate():
        for group in page["AutoScalingGroups"]:
            states = {i["InstanceId"]: i["LifecycleState"] for i in group.get("Instances", [])}
            others = [f"{id_} {state}" for id_, state in states.items() if state != "InService"]
            ready = len(states) - len(others)
            if others or ready != group["DesiredCapacity"]:
                name, wanted = group["AutoScalingGroupName"], group["DesiredCapacity"]
                lines.append(", ".join([f"{name}: {ready} of {wanted} in service", *others]))
    return lines
