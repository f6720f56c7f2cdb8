"""The AWS resources of one cluster, and of no other in its account: stacks, groups, instances, volumes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from typing import Any

from kubequorum_cli.errors import CommandError
from kubequorum_cli.target import STACKS, Target

CLUSTER_TAG = "kubequorum:cluster"
"""A tag of all resources; its value is the cluster's name."""
SLOT_TAG = "kubequorum:slot"
"""A tag of the groups and instances of masters, and of etcd volumes."""
WORKER_GROUP_TAG = "kubequorum:worker-group"
"""A tag of the groups and instances of workers."""
REPLACING_PROCESSES = ("Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy")
"""Processes of a group that replace an instance
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html)."""
IN_SERVICE = "InService"
"""The lifecycle state of an instance that its group counts on
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html)."""
_ETCD_DEVICE = "/dev/xvdf"
"""The name under which masters attach the slot's volume."""
_AT_ONCE = 100
_GROUP = "AWS::AutoScaling::AutoScalingGroup"
_GROUP_PREFIX, _GROUP_SUFFIX = "Master", "GroupName"
"""Around a slot in an output of the control plane's stack: the name of its group."""


class Resources:
    """The AWS resources of a cluster, in a real account or an emulated one."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def client(self, service: str) -> Any:
        """A boto3 client of a service, as the administrator."""
        return self.target.client(service)

    # Stacks ------------------------------------------------------------

    def outputs(self, stack: str) -> dict[str, str]:
        """The outputs of a stack: Network, State, ControlPlane or Workers.

        Raises:
            CommandError: it is not deployed.
        """
        if (found := self.target.outputs(stack)) is None:
            raise CommandError(f"stack {self.target.stack_name(stack)} does not exist")
        return found

    def stacks(self) -> list[dict[str, Any]]:
        """The cluster's stacks that exist, as CloudFormation describes them."""
        with ThreadPoolExecutor(len(STACKS)) as pool:
            described = list(pool.map(self.target.stack, STACKS))
        return [stack for stack in described if stack and stack["StackStatus"] != "DELETE_COMPLETE"]

    def stack_resources(self, stack_name: str) -> list[dict[str, Any]]:
        """The resources of a stack, by its name in CloudFormation; those that exist."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return [
            dict(resource)
            for page in pages.paginate(StackName=stack_name)
            for resource in page["StackResourceSummaries"]
            if resource.get("PhysicalResourceId") and resource["ResourceStatus"] != "DELETE_COMPLETE"
        ]

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Logical id to physical id of a stack's resources."""
        found = self.stack_resources(self.target.stack_name(stack))
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    def owned(self, *stack_names: str) -> dict[str, list[str]]:
        """Resource type to the physical ids of its resources, of stacks by their names in CloudFormation."""
        found: dict[str, list[str]] = {}
        with ThreadPoolExecutor(len(STACKS)) as pool:
            for resources in pool.map(self.stack_resources, stack_names):
                for resource in resources:
                    found.setdefault(resource["ResourceType"], []).append(resource["PhysicalResourceId"])
        return found

    @cached_property
    def inventory(self) -> dict[str, list[str]]:
        """As `owned`, of all of the cluster's stacks; read once."""
        return self.owned(*(stack["StackName"] for stack in self.stacks()))

    def events(self, stack: str, *, since: datetime | None = None) -> list[dict[str, Any]]:
        """The events of a stack, oldest first: since a time, or all."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events")
        newest_first = (
            e for page in pages.paginate(StackName=self.target.stack_name(stack)) for e in page["StackEvents"]
        )
        return list(takewhile(lambda e: since is None or e["Timestamp"] >= since, newest_first))[::-1]

    # Groups ------------------------------------------------------------

    @cached_property
    def group_names(self) -> tuple[str, ...]:
        """The names of all groups, of masters and of workers; read once, as `groups`."""
        return tuple(self.inventory.get(_GROUP, []))

    def all_groups(self) -> list[dict[str, Any]]:
        """All groups, as Auto Scaling describes them."""
        # Without names Auto Scaling would describe all groups of the account.
        described = self._described(*self.group_names) if self.group_names else {}
        return [group for _, group in sorted(described.items())]

    # Slots ------------------------------------------------------------

    @cached_property
    def groups(self) -> dict[str, str]:
        """Slot to the name of its Auto Scaling group; read once: every request costs the machines time."""
        return groups_in(self.outputs("ControlPlane"))

    def forget_groups(self) -> None:
        """Read the groups again when they are needed next: a deployment may have replaced them."""
        for name in ("groups", "group_names", "inventory"):
            self.__dict__.pop(name, None)

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots of the masters, in order."""
        return tuple(self.groups)

    def group(self, slot: str) -> dict[str, Any]:
        """A slot's group, as Auto Scaling describes it."""
        return self._described(self.groups[slot])[self.groups[slot]]

    def members(self, slot: str) -> list[dict[str, Any]]:
        """The instances in a slot's group, as Auto Scaling describes them."""
        return [dict(instance) for instance in self.group(slot)["Instances"]]

    def all_members(self) -> dict[str, list[dict[str, Any]]]:
        """Slot to the instances in its group, by one request."""
        found = self._described(*self.groups.values())
        return {slot: [dict(i) for i in found[name]["Instances"]] for slot, name in self.groups.items()}

    def master(self, slot: str) -> str:
        """The id of a slot's instance: of the one that is in service, if there are several.

        Raises:
            CommandError: the slot has no instance.
        """
        return _in_service_first(slot, self.members(slot))

    def masters(self) -> dict[str, str]:
        """Slot to the id of its instance.

        Raises:
            CommandError: a slot has no instance.
        """
        return {slot: _in_service_first(slot, members) for slot, members in self.all_members().items()}

    def described_master(self, slot: str) -> dict[str, Any]:
        """A slot's instance, as EC2 describes it."""
        answer = self.client("ec2").describe_instances(InstanceIds=[self.master(slot)])
        return dict(answer["Reservations"][0]["Instances"][0])

    def volume(self, slot: str) -> str:
        """The id of the etcd volume that a slot's instance has: not the stack's, if that one was lost."""
        return self.volume_of(self.master(slot))

    def volume_of(self, instance_id: str) -> str:
        """The id of the etcd volume of a master's instance."""
        attached = {"Name": "attachment.instance-id", "Values": [instance_id]}
        volumes = self.client("ec2").describe_volumes(Filters=[attached])["Volumes"]
        (found,) = {a["VolumeId"] for v in volumes for a in v["Attachments"] if a["Device"] == _ETCD_DEVICE}
        return str(found)

    def zone(self, slot: str) -> str:
        """The availability zone of a slot."""
        return str(self.group(slot)["AvailabilityZones"][0])

    def activities(self, group: str) -> list[dict[str, Any]]:
        """What a group has done lately and is doing, newest first: at most 100 activities."""
        client = self.client("autoscaling")
        return list(client.describe_scaling_activities(AutoScalingGroupName=group)["Activities"])

    def _described(self, *groups: str) -> dict[str, dict[str, Any]]:
        pages = self.client("autoscaling").get_paginator("describe_auto_scaling_groups")
        return {
            group["AutoScalingGroupName"]: dict(group)
            for page in pages.paginate(AutoScalingGroupNames=list(groups))
            for group in page["AutoScalingGroups"]
        }

    # Instances ------------------------------------------------------------

    def instances(
        self, *, group: str | None = None, states: tuple[str, ...] = ("pending", "running")
    ) -> dict[str, dict[str, Any]]:
        """The instances of all groups, or of one, in these states, as EC2 describes them, by id."""
        filters = [
            {"Name": "instance-state-name", "Values": list(states)},
            {"Name": f"tag:{CLUSTER_TAG}", "Values": [self.target.cluster]},
        ]
        if group is not None:
            filters.append({"Name": "tag:aws:autoscaling:groupName", "Values": [group]})
        return self._described_instances(filters)

    def instances_by_id(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Instances as EC2 describes them, by id; those that it still knows."""
        # A filter, unlike a list of ids, may name what no longer exists.
        return self._described_instances([{"Name": "instance-id", "Values": list(ids)}]) if ids else {}

    def statuses(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Status checks and scheduled events of instances that EC2 knows, by id; of those that run.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
        """
        found = {}
        for begin in range(0, len(ids), _AT_ONCE):
            pages = self.client("ec2").get_paginator("describe_instance_status")
            # With ids, AWS allows no page size; it answers for up to 100 at once.
            for page in pages.paginate(InstanceIds=list(ids[begin : begin + _AT_ONCE])):
                found.update({status["InstanceId"]: dict(status) for status in page["InstanceStatuses"]})
        return found

    def _described_instances(self, filters: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        pages = self.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
        return {
            instance["InstanceId"]: dict(instance)
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        }

    def console(self, instance_id: str) -> str:
        """The console output of an instance, also of one that was terminated."""
        answer = self.client("ec2").get_console_output(InstanceId=instance_id, Latest=True)
        return str(answer.get("Output", ""))


def groups_in(outputs: dict[str, str]) -> dict[str, str]:
    """Slot to the name of its group, by the outputs of the control plane's stack."""
    found = {
        key.removeprefix(_GROUP_PREFIX).removesuffix(_GROUP_SUFFIX).lower(): value
        for key, value in outputs.items()
        if key.startswith(_GROUP_PREFIX) and key.endswith(_GROUP_SUFFIX)
    }
    return dict(sorted(found.items()))


def _in_service_first(slot: str, members: list[dict[str, Any]]) -> str:
    if not members:
        raise CommandError(f"slot {slot} has no instance")
    return str(min(members, key=lambda member: member["LifecycleState"] != IN_SERVICE)["InstanceId"])
