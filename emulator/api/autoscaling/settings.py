"""A group's configuration as the API spells it, and which part of it is modelled."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.api.autoscaling.model import Settings
from emulator.api.wire import ApiError, Request

_NOT_MODELLED = (
    "InstanceId",
    "LaunchConfigurationName",
    "LoadBalancerNames",
    "PlacementGroup",
    "InstanceMaintenancePolicy",
    "TrafficSources",
)
_SIMPLE = {
    "MinSize": "min_size",
    "MaxSize": "max_size",
    "DesiredCapacity": "desired_capacity",
    "HealthCheckType": "health_check_type",
    "HealthCheckGracePeriod": "health_check_grace_seconds",
    "DefaultCooldown": "default_cooldown_seconds",
    "NewInstancesProtectedFromScaleIn": "new_instances_protected",
    "CapacityRebalance": "capacity_rebalance",
    "MaxInstanceLifetime": "max_instance_lifetime_seconds",
}


def of_new_group(request: Request) -> Settings:
    """Read CreateAutoScalingGroup.

    Raises:
        ApiError: something is missing, contradictory or not modelled.
    """
    if not request.get("VPCZoneIdentifier"):
        raise ApiError(
            "ValidationError", "VPCZoneIdentifier is missing; the emulator places groups by subnet only."
        )
    desired = request["DesiredCapacity"] if "DesiredCapacity" in request else request["MinSize"]
    empty = Settings(
        min_size=request["MinSize"], max_size=request["MaxSize"], desired_capacity=desired, subnet_ids=()
    )
    settings = _apply(empty, request)
    if not settings.base_template:
        raise ApiError(
            "ValidationError", "Valid requests must contain LaunchTemplate or MixedInstancesPolicy."
        )
    return settings


def of_changed_group(settings: Settings, request: Request) -> Settings:
    """Read UpdateAutoScalingGroup; what it does not name stays, but the capacity follows its limits.

    Raises:
        ApiError: something is contradictory or not modelled.
    """
    changed = _apply(settings, request)
    if "DesiredCapacity" not in request:
        within = max(changed.min_size, min(changed.max_size, changed.desired_capacity))
        changed = replace(changed, desired_capacity=within)
    return changed


def _apply(settings: Settings, request: Request) -> Settings:
    for name in _NOT_MODELLED:
        if request.get(name):
            raise ApiError("ValidationError", f"{name} is not modelled by the emulator.")
    template, policy = request.get("LaunchTemplate"), request.get("MixedInstancesPolicy")
    if template and policy:
        raise ApiError("ValidationError", "LaunchTemplate and MixedInstancesPolicy exclude each other.")
    changes: dict[str, Any] = {
        field: request[name] for name, field in _SIMPLE.items() if request.get(name) is not None
    }
    if template:
        changes.update(launch_template=template, mixed_instances_policy=None)
    if policy:
        _check_policy(policy)
        changes.update(launch_template=None, mixed_instances_policy=policy)
    if request.get("VPCZoneIdentifier"):
        changes["subnet_ids"] = tuple(request["VPCZoneIdentifier"].replace(" ", "").split(","))
    if request.get("TargetGroupARNs") is not None:
        changes["target_group_arns"] = tuple(request["TargetGroupARNs"])
    if request.get("TerminationPolicies"):
        changes["termination_policies"] = tuple(request["TerminationPolicies"])
    return replace(settings, **changes)


def _check_policy(policy: Mapping[str, Any]) -> None:
    if not (policy.get("LaunchTemplate") or {}).get("LaunchTemplateSpecification"):
        raise ApiError(
            "ValidationError", "MixedInstancesPolicy must contain LaunchTemplate.LaunchTemplateSpecification."
        )
    for override in policy["LaunchTemplate"].get("Overrides") or ():
        for name in ("WeightedCapacity", "InstanceRequirements"):
            if override.get(name):
                raise ApiError("ValidationError", f"{name} is not modelled by the emulator.")
