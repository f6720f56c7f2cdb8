"""ministack's records of load balancers, listeners, target groups and targets."""

from collections.abc import MutableMapping
from typing import Any, cast

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.api.wire import ApiError

Record = dict[str, Any]

_MODULE = "ministack.services.alb"
BALANCERS = patches.declare(_MODULE, "_lbs", why="load balancers by ARN")
BALANCER_ATTRIBUTES = patches.declare(_MODULE, "_lb_attrs", why="their attributes")
GROUPS = patches.declare(_MODULE, "_tgs", why="target groups by ARN")
GROUP_ATTRIBUTES = patches.declare(_MODULE, "_tg_attrs", why="their attributes")
TARGETS = patches.declare(_MODULE, "_targets", why="targets by target group")
LISTENERS = patches.declare(_MODULE, "_listeners", why="listeners by ARN")
TAGS = patches.declare(_MODULE, "_tags", why="tags by ARN")

DEFAULT_DRAIN_SECONDS = 300


def target_group(arn: str) -> Record:
    """Return a target group.

    Raises:
        ApiError: there is none of this ARN.
    """
    group: Record | None = GROUPS.get().get(arn)
    if group is None:
        raise ApiError("TargetGroupNotFound", f"One or more target groups not found: {arn}")
    return group


def target_group_exists(arn: str) -> bool:
    """Whether there is such a target group."""
    return arn in GROUPS.get()


def listeners_forwarding_to(arn: str) -> list[Record]:
    """The listeners with an action that forwards to a target group."""
    return [
        listener
        for listener in list(LISTENERS.get().values())
        if any(action.get("TargetGroupArn") == arn for action in listener.get("DefaultActions") or ())
    ]


def targets(arn: str) -> list[Record]:
    """The targets of a group: Id and Port."""
    table = cast("MutableMapping[str, list[Record]]", TARGETS.get())
    return table.setdefault(arn, [])


def drain_seconds(arn: str) -> int:
    """The group's deregistration delay."""
    for attribute in GROUP_ATTRIBUTES.get().get(arn) or ():
        if attribute["Key"] == "deregistration_delay.timeout_seconds":
            return int(attribute["Value"])
    return DEFAULT_DRAIN_SECONDS


def chosen(
    records: list[Record], *, arns: list[str] | None, names: list[str] | None, key: str
) -> list[Record]:
    """The records that were asked for, all if none were named.

    Raises:
        ApiError: one that was named does not exist.
    """
    for kind, wanted in ((f"{key}Arn", arns), (f"{key}Name", names)):
        if wanted:
            found = {record[kind]: record for record in records}
            if missing := [name for name in wanted if name not in found]:
                raise ApiError(f"{key}NotFound", f"One or more of them not found: '[{', '.join(missing)}]'")
            return [found[name] for name in wanted]
    return records


def attributes(values: dict[str, str]) -> list[dict[str, str]]:
    """Attributes as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in values.items()]


def arn(resource: str) -> str:
    """An ARN of Elastic Load Balancing in the account and region of the request."""
    return f"arn:aws:elasticloadbalancing:{get_region()}:{get_account_id()}:{resource}"
