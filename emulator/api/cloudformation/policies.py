"""CreationPolicy and UpdatePolicy, as a template writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.api.cloudformation.operation import Definition

_DURATION = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")
_MAX_SECONDS = 12 * 3600


class PolicyError(ValueError):
    """A policy that CloudFormation would refuse."""


@dataclass(frozen=True, kw_only=True)
class CreationPolicy:
    """How many signals a new resource waits for, and how long."""

    count: int
    timeout_seconds: int
    min_successful_percent: int


@dataclass(frozen=True, kw_only=True)
class RollingUpdate:
    """How a group's instances are replaced (AutoScalingRollingUpdate)."""

    max_batch_size: int
    min_instances_in_service: int
    min_successful_percent: int
    pause_seconds: int
    wait_on_signals: bool
    suspended_processes: tuple[str, ...]


def creation_policy(definition: Definition) -> CreationPolicy | None:
    """Read a resource's CreationPolicy, None if it has no such attribute.

    Raises:
        PolicyError: a value that CloudFormation refuses.
    """
    policy = definition.get("CreationPolicy")
    if policy is None:
        return None
    signal = policy.get("ResourceSignal") or {}
    count = int(signal.get("Count", 1))
    if count < 1:
        raise PolicyError(f"CreationPolicy.ResourceSignal.Count must be 1 or more, not {count}")
    percent = (policy.get("AutoScalingCreationPolicy") or {}).get("MinSuccessfulInstancesPercent", 100)
    return CreationPolicy(
        count=count,
        timeout_seconds=seconds(signal.get("Timeout", "PT5M"), "CreationPolicy.ResourceSignal.Timeout"),
        min_successful_percent=int(percent),
    )


def rolling_update(definition: Definition) -> RollingUpdate | None:
    """Read a group's AutoScalingRollingUpdate, None if it has none.

    Raises:
        PolicyError: a value that CloudFormation refuses, or AutoScalingReplacingUpdate.
    """
    policy: Mapping[str, Any] = definition.get("UpdatePolicy") or {}
    if _true((policy.get("AutoScalingReplacingUpdate") or {}).get("WillReplace", False)):
        raise PolicyError("AutoScalingReplacingUpdate is not modelled here; use AutoScalingRollingUpdate")
    rolling = policy.get("AutoScalingRollingUpdate")
    if rolling is None:
        return None
    wait_on_signals = _true(rolling.get("WaitOnResourceSignals", False))
    return RollingUpdate(
        max_batch_size=int(rolling.get("MaxBatchSize", 1)),
        min_instances_in_service=int(rolling.get("MinInstancesInService", 0)),
        min_successful_percent=int(rolling.get("MinSuccessfulInstancesPercent", 100)),
        pause_seconds=seconds(
            rolling.get("PauseTime", "PT5M" if wait_on_signals else "PT0S"),
            "AutoScalingRollingUpdate.PauseTime",
        ),
        wait_on_signals=wait_on_signals,
        suspended_processes=tuple(rolling.get("SuspendProcesses") or ()),
    )


def ignores_unmodified_sizes(definition: Definition) -> bool:
    """Whether sizes that the template did not change stay as they are (AutoScalingScheduledAction)."""
    policy = (definition.get("UpdatePolicy") or {}).get("AutoScalingScheduledAction") or {}
    return _true(policy.get("IgnoreUnmodifiedGroupSizeProperties", False))


def seconds(duration: Any, where: str) -> int:
    """Read an ISO 8601 duration of the form PT#H#M#S.

    Raises:
        PolicyError: it is not of that form, or longer than twelve hours.
    """
    match = _DURATION.match(duration) if isinstance(duration, str) else None
    if match is None or not any(match.groups()):
        raise PolicyError(f"{where} must be an ISO 8601 duration of the form PT#H#M#S, not {duration!r}")
    hours, minutes, rest = (int(group or 0) for group in match.groups())
    total = hours * 3600 + minutes * 60 + rest
    if total > _MAX_SECONDS:
        raise PolicyError(f"{where} must be at most 12 hours, not {duration}")
    return total


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
