"""A deployed cluster by the AWS API: stacks, the groups of its slots, instances, volumes."""

from functools import cached_property
from typing import Any

from kubequorum_cli.errors import CommandError
from kubequorum_cli.target import Target

_ETCD_DEVICE = "/dev/xvdf"
"""The name under which masters attach the slot's volume."""
_GROUP_PREFIX, _GROUP_SUFFIX = "Master", "GroupName"
"""Around a slot in an output of the control plane's stack: the name of its group."""


class Resources:
    """The AWS resources of a cluster, whatever its machines are."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def client(self, service: str) -> Any:
        """A boto3 client of the embedded AWS, as its administrator."""
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

    def physical_ids(self, stack: str) -> dict[str, str]:
        """Logical id to physical id of a stack's resources."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.target.stack_name(stack))
            for resource in page["StackResourceSummaries"]
        }

    def events(self, stack: str) -> list[dict[str, Any]]:
        """All events of a stack, oldest first."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events")
        found = [
            e for page in pages.paginate(StackName=self.target.stack_name(stack)) for e in page["StackEvents"]
        ]
        return found[::-1]

    # Slots ------------------------------------------------------------

    @cached_property
    def groups(self) -> dict[str, str]:
        """Slot to the name of its Auto Scaling group; read once: every request costs the machines time."""
        return groups_in(self.outputs("ControlPlane"))

    def forget_groups(self) -> None:
        """Read the groups again when they are needed next: a deployment may have replaced them."""
        self.__dict__.pop("groups", None)

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

    def _described(self, *groups: str) -> dict[str, dict[str, Any]]:
        answer = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=list(groups))
        return {group["AutoScalingGroupName"]: dict(group) for group in answer["AutoScalingGroups"]}

    # Instances ------------------------------------------------------------

    def instances(
        self, *, group: str | None = None, states: tuple[str, ...] = ("pending", "running")
    ) -> dict[str, dict[str, Any]]:
        """The instances of all groups, or of one, in these states, as EC2 describes them, by id."""
        filters = [{"Name": "instance-state-name", "Values": list(states)}]
        if group is not None:
            filters.append({"Name": "tag:aws:autoscaling:groupName", "Values": [group]})
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
    return str(min(members, key=lambda member: member["LifecycleState"] != "InService")["InstanceId"])
