"""Auto Scaling groups: created with hooks, updated by their UpdatePolicy, deleted through their hooks."""

import logging
from typing import Any

from emulator.api.calls import CallError, call
from emulator.api.cloudformation import operation, parameters, policies
from emulator.api.cloudformation.registry import Properties, Provisioned, Resource, ResourceType
from emulator.api.cloudformation.signals import Signals
from emulator.api.cloudformation.types import group_state
from emulator.api.cloudformation.types.rolling_update import RollingUpdater, needs_rolling_update, settle
from emulator.api.worker import Worker

log = logging.getLogger(__name__)

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


class AutoScalingGroup(ResourceType):
    """AWS::AutoScaling::AutoScalingGroup."""

    name = "AWS::AutoScaling::AutoScalingGroup"
    replaced_by = ("AutoScalingGroupName", "InstanceId")
    tag_property = "Tags"

    def __init__(self, *, signals: Signals, worker: Worker, new_groups: str) -> None:
        self._signals = signals
        self._worker = worker
        self._counts = group_state.COUNTS[new_groups]

    def create(self, resource: Resource) -> Provisioned:
        """Create it and wait until it has its instances, and for its CreationPolicy.

        Whether an instance that a launch hook holds is enough depends on `Context.new_groups`. In a group
        with a CreationPolicy it is: there the signals say when it is complete.

        Raises:
            RuntimeError: a launch failed, or too few instances signalled success.
        """
        current = operation.running(resource.stack_name)
        policy = policies.creation_policy(current.definition(resource.logical_id))
        group_name = resource.properties.get("AutoScalingGroupName") or resource.generated_name(
            max_length=255
        )
        call(
            "autoscaling",
            "create_auto_scaling_group",
            **_parameters(group_name, resource.properties, "Create"),
        )
        try:
            if policy is None:
                group_state.wait_until_stable(group_name, self._worker, counts=self._counts)
            else:
                with self._signals.open(
                    current, resource.logical_id, event_status="CREATE_IN_PROGRESS", keep=False
                ) as inbox:
                    group_state.wait_until_stable(group_name, self._worker)
                    timeout = policy.timeout_seconds * self._worker.time_scale
                    received = inbox.collect(policy.count, timeout=timeout)
                settle(
                    received,
                    expected=policy.count,
                    min_successful_percent=policy.min_successful_percent,
                    last_failure=group_state.last_failure(group_name),
                )
        except Exception as error:
            # The reason first: the clean-up goes through the hooks, which may take minutes.
            current.event(resource.logical_id, "CREATE_FAILED", str(error), physical_id=group_name)
            self.delete(group_name, resource.properties)
            raise
        return self._provisioned(group_name)

    def update(self, physical_id: str, resource: Resource, old: Properties) -> Provisioned:
        """Change the group, then replace its instances if its UpdatePolicy says so.

        Raises:
            RuntimeError: too few of the new instances signalled success.
        """
        current = operation.running(resource.stack_name)
        definition = current.definition(resource.logical_id)
        rolling = policies.rolling_update(definition)
        sent = dict(resource.properties)
        if policies.ignores_unmodified_sizes(definition):
            for size in _SIZES:
                if str(sent.get(size)) == str(old.get(size)):
                    sent.pop(size, None)
        call("autoscaling", "update_auto_scaling_group", **_parameters(physical_id, sent, "Update"))
        _update_hooks(physical_id, old=old, new=resource.properties)
        _update_tags(physical_id, old=old, new=resource.properties)
        _update_target_groups(physical_id, old=old, new=resource.properties)
        if rolling is not None and needs_rolling_update(old, resource.properties):
            RollingUpdater(
                group_name=physical_id,
                logical_id=resource.logical_id,
                operation=current,
                policy=rolling,
                signals=self._signals,
                worker=self._worker,
            ).run()
        return self._provisioned(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Scale it in to nothing, wait until its instances have passed their hooks, and delete it."""
        del properties
        try:
            call(
                "autoscaling",
                "update_auto_scaling_group",
                AutoScalingGroupName=physical_id,
                MinSize=0,
                MaxSize=0,
                DesiredCapacity=0,
            )
        except CallError:
            if group_state.exists(physical_id):
                raise
            return
        call("autoscaling", "resume_processes", AutoScalingGroupName=physical_id)
        group_state.wait_until_empty(physical_id, self._worker)
        call("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=physical_id)

    @staticmethod
    def _provisioned(group_name: str) -> Provisioned:
        arn = group_state.describe(group_name)["AutoScalingGroupARN"]
        return Provisioned(group_name, {"AutoScalingGroupARN": arn, "AutoScalingGroupName": group_name})


def _parameters(group_name: str, properties: Properties, verb: str) -> dict[str, Any]:
    """The properties as CreateAutoScalingGroup or UpdateAutoScalingGroup takes them."""
    renamed: dict[str, Any] = {**properties, "AutoScalingGroupName": group_name}
    if "Cooldown" in renamed:
        renamed["DefaultCooldown"] = renamed.pop("Cooldown")
    if isinstance(subnets := renamed.get("VPCZoneIdentifier"), list):
        renamed["VPCZoneIdentifier"] = ",".join(subnets)
    if verb == "Create":
        renamed["Tags"] = _api_tags(group_name, properties)
    return parameters.for_operation("autoscaling", f"{verb}AutoScalingGroup", renamed)


def _api_tags(group_name: str, properties: Properties) -> list[dict[str, Any]]:
    # CloudFormation's own tags carry no PropagateAtLaunch: they reach the instances, too.
    return [
        {
            "ResourceId": group_name,
            "ResourceType": "auto-scaling-group",
            "Key": str(tag["Key"]),
            "Value": str(tag["Value"]),
            "PropagateAtLaunch": str(tag.get("PropagateAtLaunch", True)).lower() == "true",
        }
        for tag in properties.get("Tags") or []
    ]


def _update_hooks(group_name: str, *, old: Properties, new: Properties) -> None:
    before = {hook["LifecycleHookName"]: hook for hook in old.get("LifecycleHookSpecificationList") or []}
    after = {hook["LifecycleHookName"]: hook for hook in new.get("LifecycleHookSpecificationList") or []}
    for name in before.keys() - after.keys():
        call("autoscaling", "delete_lifecycle_hook", AutoScalingGroupName=group_name, LifecycleHookName=name)
    for name, hook in after.items():
        if hook != before.get(name):
            values = {**hook, "AutoScalingGroupName": group_name}
            call(
                "autoscaling",
                "put_lifecycle_hook",
                **parameters.for_operation("autoscaling", "PutLifecycleHook", values),
            )


def _update_tags(group_name: str, *, old: Properties, new: Properties) -> None:
    before = {tag["Key"]: tag for tag in _api_tags(group_name, old)}
    after = {tag["Key"]: tag for tag in _api_tags(group_name, new)}
    if gone := [before[key] for key in before.keys() - after.keys()]:
        call("autoscaling", "delete_tags", Tags=gone)
    if changed := [tag for key, tag in after.items() if tag != before.get(key)]:
        call("autoscaling", "create_or_update_tags", Tags=changed)


def _update_target_groups(group_name: str, *, old: Properties, new: Properties) -> None:
    before, after = set(old.get("TargetGroupARNs") or []), set(new.get("TargetGroupARNs") or [])
    for operation_name, arns in (
        ("detach_load_balancer_target_groups", before - after),
        ("attach_load_balancer_target_groups", after - before),
    ):
        if arns:
            call("autoscaling", operation_name, AutoScalingGroupName=group_name, TargetGroupARNs=sorted(arns))
