"""How a group launches its next instance: what it is, where it goes, and what the group then knows of it."""

from collections.abc import Mapping
from datetime import datetime

from emulator.api.autoscaling import activities, placement
from emulator.api.autoscaling.interfaces import Compute, LaunchPlan
from emulator.api.autoscaling.model import Activity, Group, Member

_GROUP_TAG = "aws:autoscaling:groupName"


def specification(compute: Compute, group: Group) -> str:
    """What the group's next instance would be, to compare with what its members were launched as.

    Raises:
        LaunchError: its launch template or the version of it is gone.
    """
    return placement.specification(group.settings, compute.template(group.settings.base_template))


def launch(compute: Compute, group: Group, activity: Activity, *, now: datetime) -> Member:
    """Launch one; the activity says where, and of whom it is.

    Raises:
        LaunchError: EC2 refuses it.
    """
    choice = placement.choose_launch(group.settings, group.capacity)
    template = compute.template(choice.template_specification)
    subnet = placement.choose_subnet(compute.subnets(group.settings.subnet_ids), group.capacity)
    wanted = specification(compute, group)
    activity.details = activities.placement_details(subnet.subnet_id, subnet.availability_zone)
    launched = compute.launch(
        LaunchPlan(
            template=template,
            instance_type=choice.instance_type,
            image_id=choice.image_id,
            subnet=subnet,
            spot=choice.spot,
            tags=_instance_tags(group),
        )
    )
    activity.description = f"Launching a new EC2 instance: {launched.instance_id}"
    activity.status = "PreInService"
    return Member(
        instance_id=launched.instance_id,
        instance_type=launched.instance_type,
        image_id=launched.image_id,
        subnet=subnet,
        template=template,
        specification=wanted,
        market="spot" if choice.spot else "on-demand",
        protected=group.settings.new_instances_protected,
        launched_at=now,
        launch_activity=activity,
    )


def _instance_tags(group: Group) -> Mapping[str, str]:
    propagated = {tag.key: tag.value for tag in group.tags.values() if tag.propagate_at_launch}
    return {**propagated, _GROUP_TAG: group.name}
