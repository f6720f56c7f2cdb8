"""Target groups and targets. The records are ministack's own."""

from collections.abc import MutableMapping
from typing import Any, cast

from emulator.api import patches
from emulator.api.wire import ApiError

Record = dict[str, Any]

_MODULE = "ministack.services.alb"
_GROUPS = patches.declare(_MODULE, "_tgs", why="targets are registered with an existing target group")
_TARGETS = patches.declare(_MODULE, "_targets", why="the targets of each group")
_ATTRIBUTES = patches.declare(_MODULE, "_tg_attrs", why="how long deregistered targets drain")

DEFAULT_DRAIN_SECONDS = 300


def target_group(arn: str) -> Record:
    """Return a target group.

    Raises:
        ApiError: there is none of this ARN.
    """
    group: Record | None = _GROUPS.get().get(arn)
    if group is None:
        raise ApiError("TargetGroupNotFound", f"One or more target groups not found: {arn}")
    return group


def exists(arn: str) -> bool:
    """Whether there is such a target group."""
    return arn in _GROUPS.get()


def targets(arn: str) -> list[Record]:
    """The targets of a group: Id and Port."""
    table = cast("MutableMapping[str, list[Record]]", _TARGETS.get())
    return table.setdefault(arn, [])


def drain_seconds(arn: str) -> int:
    """The group's deregistration delay."""
    for attribute in _ATTRIBUTES.get().get(arn) or ():
        if attribute["Key"] == "deregistration_delay.timeout_seconds":
            return int(attribute["Value"])
    return DEFAULT_DRAIN_SECONDS
