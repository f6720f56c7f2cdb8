"""Groups, members and hooks as responses show them."""

from collections.abc import Mapping
from typing import Any

from emulator.api.autoscaling.interfaces import Compute, LaunchError
from emulator.api.autoscaling.model import Group, GroupTag, Hook, Member


def group(group: Group, *, compute: Compute) -> dict[str, Any]:
    """An AutoScalingGroup, with its zones and both names of its launch template looked up."""
    settings = group.settings
    view: dict[str, Any] = {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "MinSize": settings.min_size,
        "MaxSize": settings.max_size,
        "DesiredCapacity": settings.desired_capacity,
        "DefaultCooldown": settings.default_cooldown_seconds,
        "AvailabilityZones": _zones(group, compute),
        "TargetGroupARNs": list(settings.target_group_arns),
        "LoadBalancerNames": [],
        "HealthCheckType": settings.health_check_type,
        "HealthCheckGracePeriod": settings.health_check_grace_seconds,
        "Instances": [member(entry) for entry in group.members.values()],
        "CreatedTime": group.created,
        "SuspendedProcesses": [
            {"ProcessName": process, "SuspensionReason": reason}
            for process, reason in group.suspended.items()
        ],
        "VPCZoneIdentifier": ",".join(settings.subnet_ids),
        "EnabledMetrics": [],
        "Tags": [tag(group, entry) for entry in group.tags.values()],
        "TerminationPolicies": list(settings.termination_policies),
        "NewInstancesProtectedFromScaleIn": settings.new_instances_protected,
        "CapacityRebalance": settings.capacity_rebalance,
        "MaxInstanceLifetime": settings.max_instance_lifetime_seconds,
    }
    template = _template(group, compute)
    if settings.mixed_instances_policy is None:
        view["LaunchTemplate"] = template
    else:
        policy = settings.mixed_instances_policy
        full = {**policy["LaunchTemplate"], "LaunchTemplateSpecification": template}
        view["MixedInstancesPolicy"] = {**policy, "LaunchTemplate": full}
    if group.deleting:
        view["Status"] = "Delete in progress"
    return view


def member(member: Member) -> dict[str, Any]:
    """An Instance of a group."""
    return {
        "InstanceId": member.instance_id,
        "InstanceType": member.instance_type,
        "ImageId": member.image_id,
        "AvailabilityZone": member.subnet.availability_zone,
        "LifecycleState": member.state.value,
        "HealthStatus": member.health,
        "ProtectedFromScaleIn": member.protected,
        "LaunchTemplate": {
            "LaunchTemplateId": member.template.template_id,
            "LaunchTemplateName": member.template.name,
            "Version": str(member.template.version),
        },
    }


def details(group: Group, entry: Member) -> dict[str, Any]:
    """An AutoScalingInstanceDetails; here, unlike in a group, the health is in capitals."""
    return {
        **member(entry),
        "AutoScalingGroupName": group.name,
        "HealthStatus": entry.health.upper(),
    }


def hook(group: Group, hook: Hook) -> dict[str, Any]:
    """A LifecycleHook."""
    return {
        "LifecycleHookName": hook.name,
        "AutoScalingGroupName": group.name,
        "LifecycleTransition": hook.transition.value,
        "HeartbeatTimeout": hook.heartbeat_seconds,
        "GlobalTimeout": hook.global_timeout_seconds,
        "DefaultResult": hook.default_result,
        "NotificationMetadata": hook.notification_metadata,
    }


def tag(group: Group, tag: GroupTag) -> dict[str, Any]:
    """A TagDescription."""
    return {
        "ResourceId": group.name,
        "ResourceType": "auto-scaling-group",
        "Key": tag.key,
        "Value": tag.value,
        "PropagateAtLaunch": tag.propagate_at_launch,
    }


def _zones(group: Group, compute: Compute) -> list[str]:
    try:
        subnets = compute.subnets(group.settings.subnet_ids)
    except LaunchError:
        return []
    return list(dict.fromkeys(subnet.availability_zone for subnet in subnets))


def _template(group: Group, compute: Compute) -> Mapping[str, Any]:
    given = group.settings.base_template
    try:
        template = compute.template(given)
    except LaunchError:
        return given
    return {**given, "LaunchTemplateId": template.template_id, "LaunchTemplateName": template.name}
