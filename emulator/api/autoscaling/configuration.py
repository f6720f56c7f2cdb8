"""A group's configuration: whether it is possible, and what a change of it affects at once."""

from emulator.api.autoscaling.interfaces import Balancing, Compute, LaunchError
from emulator.api.autoscaling.model import Group, LifecycleState, Settings
from emulator.api.wire import ApiError


def check(compute: Compute, settings: Settings, old: Settings | None = None) -> None:
    """Refuse a configuration that no group can have.

    What did not change since `old` is not checked: a group must shrink even without its template.

    Raises:
        ApiError: the desired capacity is outside its limits, launch template or subnet do not exist, or EC2
            would refuse every launch from the template.
    """
    low, desired, high = settings.min_size, settings.desired_capacity, settings.max_size
    if not low <= desired <= high:
        raise ApiError(
            "ValidationError",
            f"Desired capacity:{desired} must be between the specified min size:{low} and max size:{high}",
        )
    try:
        if old is None or settings.base_template != old.base_template:
            _check_template(compute, settings)
        if old is None or settings.subnet_ids != old.subnet_ids:
            compute.subnets(settings.subnet_ids)
    except LaunchError as error:
        raise ApiError("ValidationError", str(error)) from error


def _check_template(compute: Compute, settings: Settings) -> None:
    template = compute.template(settings.base_template)
    try:
        compute.check(template)
    except LaunchError as error:
        # Seen in https://github.com/eksctl-io/eksctl/issues/8039.
        raise LaunchError(f"You must use a valid fully-formed launch template. {error}") from error


def move_targets(balancing: Balancing, group: Group, old: Settings) -> None:
    """Deregister instances in service from removed target groups, and register them with new ones."""
    before, after = set(old.target_group_arns), set(group.settings.target_group_arns)
    for member in group.capacity:
        if member.state is LifecycleState.IN_SERVICE:
            balancing.deregister(sorted(before - after), member.instance_id)
            balancing.register(sorted(after - before), member.instance_id)
