"""What AWS says of a cluster, as it says it."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from kubequorum_cli import slot_records
from kubequorum_cli.dump.content import Content
from kubequorum_cli.dump.gathering import Source
from kubequorum_cli.errors import CommandError
from kubequorum_cli.resources import CLUSTER_TAG, Resources
from kubequorum_cli.target import STACKS

INSTANCES = "aws/instances.json"
STACKS_FILE = "aws/stacks.json"
ALL_STATES = ("pending", "running", "shutting-down", "terminated", "stopping", "stopped")
"""EC2 describes terminated instances for about an hour
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html)."""
_PARAMETERS_AT_ONCE = 10
_ALARMS_AT_ONCE = 100
_ADDONS = "/addons"
"""How the name of the parameter ends that says which set of addons is in force: a place and a checksum."""


def sources(resources: Resources) -> Iterator[Source]:
    """Sources that need no other one."""
    yield Source(path=STACKS_FILE, about="the stacks", ask=resources.stacks)
    yield Source(path="aws/groups.json", about="the Auto Scaling groups", ask=resources.all_groups)
    yield Source(
        path="aws/group-activities.json",
        about="what the groups have done lately",
        ask=lambda: {name: resources.activities(name) for name in resources.group_names},
    )
    yield Source(
        path="aws/lifecycle-hooks.json",
        about="the groups' lifecycle hooks",
        ask=lambda: {name: _hooks(resources, name) for name in resources.group_names},
    )
    yield Source(
        path=INSTANCES,
        about="the instances, also those that were terminated lately",
        ask=lambda: list(resources.instances(states=ALL_STATES).values()),
    )
    yield Source(
        path="aws/instance-statuses.json",
        about="status checks and scheduled events",
        ask=lambda: list(resources.statuses(list(resources.instances())).values()),
    )
    yield Source(path="aws/volumes.json", about="the volumes", ask=lambda: _volumes(resources))
    yield from _load_balancing(resources)
    yield Source(path="aws/alarms.json", about="the CloudWatch alarms", ask=lambda: _alarms(resources))
    yield Source(
        path="aws/ssm-parameters.json",
        about="the SSM parameters: of the addon set its location, of others no value",
        ask=lambda: _parameters(resources),
    )
    yield Source(
        path="aws/slot-records.json",
        about="what the last master of each slot has said of itself",
        ask=lambda: _records(resources),
    )


def of_stacks(resources: Resources, described: Content | None) -> Iterator[Source]:
    """Events and resources of the stacks that are there; of all, if it is not known which are."""
    names = (
        [resources.target.stack_name(stack) for stack in STACKS]
        if described is None
        else [stack["StackName"] for stack in described if isinstance(stack, Mapping)]
    )
    for name in names:
        stack = name.removeprefix(f"{resources.target.cluster}-")
        yield Source(
            path=f"aws/stack-events/{stack}.json",
            about=f"all events of {name}",
            ask=partial(resources.events, stack),
        )
        yield Source(
            path=f"aws/stack-resources/{stack}.json",
            about=f"the resources of {name}",
            ask=partial(resources.stack_resources, name),
        )


def consoles(resources: Resources, instances: Content | None) -> Iterator[Source]:
    """The console output of each instance that EC2 knows."""
    for id_ in instance_ids(instances, *ALL_STATES):
        yield Source(
            path=f"aws/console/{id_}.txt",
            about=f"console output of {id_}",
            ask=partial(_console, resources, id_),
        )


def instance_ids(instances: Content | None, *states: str) -> list[str]:
    """Ids of those in these states, of what was answered for `INSTANCES`."""
    return sorted(
        instance["InstanceId"]
        for instance in instances or []
        if isinstance(instance, Mapping) and instance["State"]["Name"] in states
    )


def _console(resources: Resources, instance: str) -> str:
    return resources.console(instance) or "(EC2 has none)\n"


def _hooks(resources: Resources, group: str) -> Any:
    client = resources.client("autoscaling")
    return client.describe_lifecycle_hooks(AutoScalingGroupName=group)["LifecycleHooks"]


def _volumes(resources: Resources) -> Any:
    of_cluster = [{"Name": f"tag:{CLUSTER_TAG}", "Values": [resources.target.cluster]}]
    pages = resources.client("ec2").get_paginator("describe_volumes").paginate(Filters=of_cluster)
    return [volume for page in pages for volume in page["Volumes"]]


def _load_balancing(resources: Resources) -> Iterator[Source]:
    def ask(what: Callable[[Any, str], Any], type_: str) -> Any:
        client = resources.client("elbv2")
        arns = resources.inventory.get(f"AWS::ElasticLoadBalancingV2::{type_}", [])
        return {arn: what(client, arn) for arn in arns}

    yield Source(
        path="aws/load-balancers.json",
        about="the load balancers",
        ask=lambda: ask(
            lambda client, arn: client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"],
            "LoadBalancer",
        ),
    )
    yield Source(
        path="aws/target-groups.json",
        about="the target groups",
        ask=lambda: ask(
            lambda client, arn: client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"],
            "TargetGroup",
        ),
    )
    yield Source(
        path="aws/target-health.json",
        about="the health of each target",
        ask=lambda: ask(
            lambda client, arn: client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"],
            "TargetGroup",
        ),
    )


def _alarms(resources: Resources) -> Any:
    names = resources.inventory.get("AWS::CloudWatch::Alarm", [])
    client = resources.client("cloudwatch")
    found: list[Any] = []
    for begin in range(0, len(names), _ALARMS_AT_ONCE):
        answer = client.describe_alarms(AlarmNames=names[begin : begin + _ALARMS_AT_ONCE])
        found += answer["MetricAlarms"]
    return found


def _parameters(resources: Resources) -> Any:
    names = resources.inventory.get("AWS::SSM::Parameter", [])
    client = resources.client("ssm")
    found: list[Any] = []
    for begin in range(0, len(names), _PARAMETERS_AT_ONCE):
        answer = client.get_parameters(Names=names[begin : begin + _PARAMETERS_AT_ONCE], WithDecryption=False)
        found += [_without_value(parameter) for parameter in answer["Parameters"]]
        found += [{"Name": name, "missing": True} for name in answer.get("InvalidParameters", [])]
    return found


def _without_value(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """People's public keys say who they are; a parameter that somebody has added may be anything."""
    shown = {**parameter, "Value": f"(left out: {len(parameter['Value'])} characters)"}
    if parameter["Name"].endswith(_ADDONS) and parameter["Type"] == "String":
        try:
            location = json.loads(parameter["Value"])
        except ValueError:
            return shown
        return {**parameter, "Value": location} if isinstance(location, dict) else shown
    return shown


def _records(resources: Resources) -> Any:
    s3, bucket = resources.client("s3"), resources.target.state_bucket()
    found: dict[str, Any] = {}
    for slot in resources.slots:
        key = f"{slot_records.PREFIX}{slot}/{slot_records.NAME}"
        try:
            answer = s3.get_object(Bucket=bucket, Key=key)
            found[slot] = {"changed": answer["LastModified"], "record": json.loads(answer["Body"].read())}
        except (s3.exceptions.ClientError, CommandError, ValueError) as error:
            found[slot] = {"unreadable": str(error)}
    return found
