"""Registering targets with target groups, by groups of instances and by API."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.api.load_balancing import store
from emulator.api.load_balancing.health import Health, Key, not_running
from emulator.api.wire import ApiError, Request, Response


class Targets:
    """Targets and their API. Methods may be called from any thread."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def register(self, target_group_arns: Sequence[str], instance_id: str) -> None:
        """Make an instance a target of each group that still exists, at the group's own port."""
        for arn in target_group_arns:
            if store.target_group_exists(arn):
                self._add(arn, {"Id": instance_id})

    def deregister(self, target_group_arns: Sequence[str], instance_id: str) -> float:
        """Let an instance drain from each group; returns how many seconds that takes, 0 if it was in none."""
        return max(
            (
                self._remove(arn, {"Id": instance_id})
                for arn in target_group_arns
                if store.target_group_exists(arn)
            ),
            default=0.0,
        )

    def register_targets(self, request: Request) -> Response:
        """RegisterTargets: all of them, or none.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html

        Raises:
            ApiError: there is no such target group, or an instance does not run.
        """
        store.target_group(request["TargetGroupArn"])
        if stopped := [target["Id"] for target in request["Targets"] if not_running(target["Id"])]:
            raise ApiError(
                "InvalidTarget",
                "The following targets are not in a running state and cannot be registered: "
                + ", ".join(f"'{one}'" for one in stopped),
            )
        for target in request["Targets"]:
            self._add(request["TargetGroupArn"], target)
        return {}

    def deregister_targets(self, request: Request) -> Response:
        """DeregisterTargets."""
        store.target_group(request["TargetGroupArn"])
        for target in request["Targets"]:
            self._remove(request["TargetGroupArn"], target)
        return {}

    def describe_target_health(self, request: Request) -> Response:
        """DescribeTargetHealth: of registered and draining targets, or of those asked for."""
        arn = request["TargetGroupArn"]
        group = store.target_group(arn)
        registered = [_key(arn, target) for target in store.targets(arn)]
        known = [*registered, *(key for key in self._health.draining(arn) if key not in registered)]
        asked = request.get("Targets")
        keys = [_key(arn, target) for target in asked] if asked else known
        not_registered = {
            "State": "unused",
            "Reason": "Target.NotRegistered",
            "Description": "Target is not registered to the target group",
        }
        return {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": key.target_id, "Port": key.port},
                    "HealthCheckPort": _check_port(group, key),
                    "TargetHealth": self._health.describe(key) if key in known else not_registered,
                }
                for key in keys
            ]
        }

    def _add(self, arn: str, target: Mapping[str, Any]) -> None:
        key = _key(arn, target)
        table = store.targets(arn)
        if all(_key(arn, entry) != key for entry in table):
            table.append({"Id": key.target_id, "Port": key.port})
        self._health.watch(key)

    def _remove(self, arn: str, target: Mapping[str, Any]) -> float:
        seconds = 0.0
        table = store.targets(arn)
        for entry in list(table):
            same_port = target.get("Port") in (None, entry.get("Port"))
            if entry["Id"] == target["Id"] and same_port:
                table.remove(entry)
                seconds = max(seconds, self._health.drain(_key(arn, entry)))
        return seconds


def _key(arn: str, target: Mapping[str, Any]) -> Key:
    return Key(arn, target["Id"], int(target.get("Port") or store.target_group(arn)["Port"]))


def _check_port(group: store.Record, key: Key) -> str:
    port = str(group["HealthCheckPort"])
    return str(key.port) if port == "traffic-port" else port
