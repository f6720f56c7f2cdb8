"""Auto Scaling's API of hooks, and of the instances that wait in them."""

from collections.abc import Callable

from emulator.api.autoscaling import activities, health, views
from emulator.api.autoscaling.engine import Engine
from emulator.api.autoscaling.lifecycle import hook_from_properties
from emulator.api.autoscaling.model import Member
from emulator.api.wire import ApiError, Request, Response


class InstancesApi:
    """Handlers by action name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Callable[[Request], Response]]:
        """What to put into ministack's action table."""
        return {
            "PutLifecycleHook": self.put_hook,
            "DeleteLifecycleHook": self.delete_hook,
            "DescribeLifecycleHooks": self.describe_hooks,
            "CompleteLifecycleAction": self.complete,
            "RecordLifecycleActionHeartbeat": self.heartbeat,
            "DescribeAutoScalingInstances": self.describe,
            "TerminateInstanceInAutoScalingGroup": self.terminate,
            "SetInstanceHealth": self.set_health,
            "SetInstanceProtection": self.set_protection,
        }

    def put_hook(self, request: Request) -> Response:
        """PutLifecycleHook: settings of an existing hook that are not named stay."""
        name = request["LifecycleHookName"]
        with self._engine.lock:
            group = self._engine.group(request["AutoScalingGroupName"])
            current = group.hooks.get(name)
            known = {} if current is None else views.hook(group, current)
            group.hooks[name] = hook_from_properties(name, {**known, **request})
        return {}

    def delete_hook(self, request: Request) -> Response:
        """DeleteLifecycleHook: instances that wait in it continue, as if it had been completed."""
        name = request["LifecycleHookName"]
        with self._engine.lock:
            group = self._engine.group(request["AutoScalingGroupName"])
            if group.hooks.pop(name, None) is None:
                raise ApiError("ValidationError", f"No Lifecycle Hook found with name: {name}")
            for member in list(group.members.values()):
                for action in [entry for entry in member.actions.values() if entry.hook.name == name]:
                    self._engine.capacity.lifecycle.complete(
                        member, hook_name=name, token=action.token, result=action.hook.default_result
                    )
        return {}

    def describe_hooks(self, request: Request) -> Response:
        """DescribeLifecycleHooks."""
        names = request.get("LifecycleHookNames")
        group = self._engine.group(request["AutoScalingGroupName"])
        hooks = [views.hook(group, hook) for hook in group.hooks.values() if not names or hook.name in names]
        return {"LifecycleHooks": hooks}

    def complete(self, request: Request) -> Response:
        """CompleteLifecycleAction."""
        member = self._waiting(request)
        self._engine.capacity.lifecycle.complete(
            member,
            hook_name=request["LifecycleHookName"],
            token=request.get("LifecycleActionToken"),
            result=request["LifecycleActionResult"],
        )
        return {}

    def heartbeat(self, request: Request) -> Response:
        """RecordLifecycleActionHeartbeat."""
        member = self._waiting(request)
        self._engine.capacity.lifecycle.record_heartbeat(
            member, hook_name=request["LifecycleHookName"], token=request.get("LifecycleActionToken")
        )
        return {}

    def describe(self, request: Request) -> Response:
        """DescribeAutoScalingInstances; instances in no group are ignored, as on AWS."""
        wanted = request.get("InstanceIds")
        with self._engine.lock:
            return {
                "AutoScalingInstances": [
                    views.details(group, member)
                    for group in self._engine.groups.values()
                    for member in group.members.values()
                    if not wanted or member.instance_id in wanted
                ]
            }

    def terminate(self, request: Request) -> Response:
        """TerminateInstanceInAutoScalingGroup."""
        activity = self._engine.terminate(
            request["InstanceId"], why="a user request", decrement=request["ShouldDecrementDesiredCapacity"]
        )
        return {"Activity": activities.as_response(activity)}

    def set_health(self, request: Request) -> Response:
        """SetInstanceHealth; the grace period is respected unless the request says otherwise."""
        status = request["HealthStatus"]
        with self._engine.lock:
            group, member = self._engine.member(request["InstanceId"])
            if status == "Healthy":
                member.health = "Healthy"
            elif status == "Unhealthy":
                respect_grace = request.get("ShouldRespectGracePeriod", True)
                self._engine.health.check_failed(group, member, why=health.USER, respect_grace=respect_grace)
            else:
                raise ApiError("ValidationError", f"Invalid health status '{status}'")
        return None

    def set_protection(self, request: Request) -> Response:
        """SetInstanceProtection: against scale-in only."""
        with self._engine.lock:
            for instance_id in request["InstanceIds"]:
                self._engine.member(instance_id)[1].protected = request["ProtectedFromScaleIn"]
        return {}

    def _waiting(self, request: Request) -> Member:
        group = self._engine.group(request["AutoScalingGroupName"])
        token, instance_id = request.get("LifecycleActionToken"), request.get("InstanceId")
        if not token and not instance_id:
            raise ApiError("ValidationError", "Either InstanceId or LifecycleActionToken must be given.")
        for member in list(group.members.values()):
            if member.instance_id == instance_id or (not instance_id and token in member.actions):
                return member
        given = f"token {token}" if token else f"instance ID {instance_id}"
        raise ApiError("ValidationError", f"No active Lifecycle Action found with {given}")
