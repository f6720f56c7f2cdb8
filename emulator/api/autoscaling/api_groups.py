"""Auto Scaling's API of groups."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from ministack.core.responses import get_account_id, get_region

from emulator.api.autoscaling import activities, filters, settings, views
from emulator.api.autoscaling.api_tags import check_limit, tags_of
from emulator.api.autoscaling.engine import Engine
from emulator.api.autoscaling.lifecycle import hook_from_properties
from emulator.api.autoscaling.model import Group
from emulator.api.wire import ApiError, Request, Response

PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)


class GroupsApi:
    """Handlers by action name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Callable[[Request], Response]]:
        """What to put into ministack's action table."""
        return {
            "CreateAutoScalingGroup": self.create,
            "UpdateAutoScalingGroup": self.update,
            "DeleteAutoScalingGroup": self.delete,
            "DescribeAutoScalingGroups": self.describe,
            "DescribeScalingActivities": self.describe_activities,
            "SetDesiredCapacity": self.set_desired_capacity,
            "SuspendProcesses": self.suspend,
            "ResumeProcesses": self.resume,
            "AttachLoadBalancerTargetGroups": self.attach_target_groups,
            "DetachLoadBalancerTargetGroups": self.detach_target_groups,
            "DescribeLoadBalancerTargetGroups": self.describe_target_groups,
        }

    def create(self, request: Request) -> Response:
        """CreateAutoScalingGroup, with the hooks that its first instances already pass."""
        name = request["AutoScalingGroupName"]
        check_limit(tag["Key"] for tag in request.get("Tags") or ())
        hooks = [
            hook_from_properties(entry["LifecycleHookName"], entry)
            for entry in request.get("LifecycleHookSpecificationList") or ()
        ]
        arn = (
            f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:autoScalingGroup:{uuid4()}"
            f":autoScalingGroupName/{name}"
        )
        self._engine.add_group(
            Group(
                name=name,
                arn=arn,
                created=self._engine.clock(),
                settings=settings.of_new_group(request),
                tags={tag.key: tag for tag in tags_of(request.get("Tags") or ())},
                hooks={hook.name: hook for hook in hooks},
            )
        )
        return None

    def update(self, request: Request) -> Response:
        """UpdateAutoScalingGroup."""
        name = request["AutoScalingGroupName"]
        with self._engine.lock:
            group = self._engine.group(name)
            self._engine.change_group(name, settings.of_changed_group(group.settings, request))
        return None

    def delete(self, request: Request) -> Response:
        """DeleteAutoScalingGroup; without ForceDelete only of an empty group."""
        name, force = request["AutoScalingGroupName"], bool(request.get("ForceDelete"))
        with self._engine.lock:
            if self._engine.group(name).members and not force:
                raise ApiError(
                    "ResourceInUse",
                    "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                    "instance request(s) still in the group.",
                )
            self._engine.delete_group(name, force=force)
        return None

    def describe(self, request: Request) -> Response:
        """DescribeAutoScalingGroups; names of groups that do not exist are ignored, as on AWS."""
        names, wanted = request.get("AutoScalingGroupNames"), filters.of_request(request.get("Filters"))
        with self._engine.lock:
            return {
                "AutoScalingGroups": [
                    views.group(group, compute=self._engine.compute)
                    for group in self._engine.groups.values()
                    if (not names or group.name in names) and filters.matches(group, wanted)
                ]
            }

    def describe_activities(self, request: Request) -> Response:
        """DescribeScalingActivities, newest first."""
        name, wanted = request.get("AutoScalingGroupName"), request.get("ActivityIds")
        with self._engine.lock:
            groups = [self._engine.group(name)] if name else list(self._engine.groups.values())
            found = [
                activity
                for group in groups
                for activity in group.activities
                if not wanted or activity.activity_id in wanted
            ]
            found.sort(key=lambda activity: activity.start_time, reverse=True)
            shown = found[: request.get("MaxRecords", 100)]
            return {"Activities": [activities.as_response(activity) for activity in shown]}

    def set_desired_capacity(self, request: Request) -> Response:
        """SetDesiredCapacity; cooldowns are not modelled, so HonorCooldown changes nothing."""
        self._engine.set_desired_capacity(request["AutoScalingGroupName"], request["DesiredCapacity"])
        return None

    def suspend(self, request: Request) -> Response:
        """SuspendProcesses; all of them unless some are named."""
        name = request["AutoScalingGroupName"]
        self._engine.suspend(name, _processes(request), reason="User suspended")
        return None

    def resume(self, request: Request) -> Response:
        """ResumeProcesses; all of them unless some are named."""
        self._engine.resume(request["AutoScalingGroupName"], _processes(request))
        return None

    def attach_target_groups(self, request: Request) -> Response:
        """AttachLoadBalancerTargetGroups."""
        return self._change_target_groups(request, add=True)

    def detach_target_groups(self, request: Request) -> Response:
        """DetachLoadBalancerTargetGroups."""
        return self._change_target_groups(request, add=False)

    def describe_target_groups(self, request: Request) -> Response:
        """DescribeLoadBalancerTargetGroups."""
        group = self._engine.group(request["AutoScalingGroupName"])
        return {
            "LoadBalancerTargetGroups": [
                {"LoadBalancerTargetGroupARN": arn, "State": "InService"}
                for arn in group.settings.target_group_arns
            ]
        }

    def _change_target_groups(self, request: Request, *, add: bool) -> Response:
        name, given = request["AutoScalingGroupName"], request["TargetGroupARNs"]
        with self._engine.lock:
            current = self._engine.group(name).settings
            kept = [arn for arn in current.target_group_arns if arn not in given]
            arns = (*kept, *given) if add else tuple(kept)
            self._engine.change_group(name, replace(current, target_group_arns=tuple(arns)))
        return {}


def _processes(request: Request) -> tuple[str, ...]:
    named = tuple(request.get("ScalingProcesses") or PROCESSES)
    for process in named:
        if process not in PROCESSES:
            raise ApiError("ValidationError", f"Invalid process type '{process}'")
    return named
