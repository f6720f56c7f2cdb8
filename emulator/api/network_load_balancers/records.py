"""ministack's records of load balancers, and what is common to all kinds of them."""

from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api import patches
from emulator.api.wire import ApiError

_MODULE = "ministack.services.alb"
BALANCERS = patches.declare(_MODULE, "_lbs", why="load balancers by ARN")
BALANCER_ATTRIBUTES = patches.declare(_MODULE, "_lb_attrs", why="their attributes")
GROUPS = patches.declare(_MODULE, "_tgs", why="target groups by ARN")
GROUP_ATTRIBUTES = patches.declare(_MODULE, "_tg_attrs", why="their attributes")
TARGETS = patches.declare(_MODULE, "_targets", why="targets by target group")
LISTENERS = patches.declare(_MODULE, "_listeners", why="listeners by ARN")
TAGS = patches.declare(_MODULE, "_tags", why="tags by ARN")


def chosen(
    records: list[dict[str, Any]], *, arns: list[str] | None, names: list[str] | None, key: str
) -> list[dict[str, Any]]:
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
