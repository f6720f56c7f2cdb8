"""What other services need to know about groups and the API does not show."""

from collections.abc import Mapping

from emulator.api.autoscaling import service


def outdated_instances(group_name: str) -> list[str]:
    """Instances that the group would launch differently today, oldest first.

    That is another launch template or version of it, another mixed instances policy, or a subnet that
    the group no longer has. Terminating instances do not count.

    Raises:
        ApiError: there is no such group.
    """
    engine = service.current()
    with engine.lock:
        group = engine.group(group_name)
        wanted = engine.capacity.specification(group)
        return [
            member.instance_id
            for member in group.capacity
            if member.specification != wanted or member.subnet.subnet_id not in group.settings.subnet_ids
        ]


def reconcile(group_name: str) -> None:
    """Have the group launch and terminate until it has its desired capacity.

    Raises:
        ApiError: there is no such group.
    """
    service.current().reconcile(group_name)


def group_of_instance(instance_id: str) -> str | None:
    """The group that an instance belongs to: IAM checks calls about an instance against its group."""
    found = service.current().find(instance_id)
    return None if found is None else found[0].name


def group_arn(group_name: str) -> str | None:
    """The group's ARN, None if there is no such group."""
    group = service.current().groups.get(group_name)
    return None if group is None else group.arn


def group_tags(group_name: str) -> Mapping[str, str]:
    """The group's tags, for conditions on autoscaling:ResourceTag; empty if there is no such group."""
    group = service.current().groups.get(group_name)
    return {} if group is None else {tag.key: tag.value for tag in group.tags.values()}


def target_lifecycle_state(instance_id: str) -> str | None:
    """What IMDS shows as `autoscaling/target-lifecycle-state`; None outside a group."""
    found = service.current().find(instance_id)
    if found is None:
        return None
    return "Terminated" if found[1].state.is_terminating else "InService"
