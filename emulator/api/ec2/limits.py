"""Limits that EC2 checks whatever the times are: tags of a resource, rules of a security group.

Quotas of an account (VPCs, addresses, vCPUs) are not checked: they differ from one account to the next.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from emulator.api import patches
from emulator.api.ec2 import store
from emulator.api.wire import ApiError, Protocol, Reply

TAGS_PER_RESOURCE = 50
"""Not counting those of AWS itself: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html."""
RULES_PER_DIRECTION = 60
"""For IPv4 and IPv6 each; a rule about a group or a prefix list counts in both.
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
(a prefix list counts there as often as it may have entries, which is not modelled)."""
OWN_PREFIX = "aws:"

Handler = Callable[[Any], Any]

_AUTHORIZE = {
    "AuthorizeSecurityGroupIngress": "IpPermissions",
    "AuthorizeSecurityGroupEgress": "IpPermissionsEgress",
}
_CREATE_TAGS = "CreateTags"
_ACTIONS = patches.declare(
    "ministack.services.ec2",
    "_ACTION_MAP",
    items=dict.fromkeys((*_AUTHORIZE, _CREATE_TAGS), ("p",)),
    why="requests that exceed a limit of EC2 are refused",
)


def install(protocol: Protocol) -> None:
    """Patch ministack's actions."""
    for action, direction in _AUTHORIZE.items():
        _ACTIONS.replace_item(action, _within_rules(_ACTIONS.item(action), direction, protocol))
    _ACTIONS.replace_item(_CREATE_TAGS, _within_tags(_ACTIONS.item(_CREATE_TAGS), protocol))


def check_tags(keys: Iterable[str]) -> None:
    """Check the tags that a resource would have.

    Raises:
        ApiError: there are too many.
    """
    count = sum(not key.startswith(OWN_PREFIX) for key in keys)
    if count > TAGS_PER_RESOURCE:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        raise ApiError(
            "TagLimitExceeded",
            f"You've reached the limit on the number of tags that you can assign to the specified resource: "
            f"{TAGS_PER_RESOURCE}, and this would have {count}.",
        )


def check_rules(permissions: Iterable[Mapping[str, Any]]) -> None:
    """Check the rules that a security group would have in one direction.

    Raises:
        ApiError: there are too many of a family.
    """
    either = ipv4 = ipv6 = 0
    for permission in permissions:
        either += len(permission.get("UserIdGroupPairs") or ()) + len(permission.get("PrefixListIds") or ())
        ipv4 += len(permission.get("IpRanges") or ())
        ipv6 += len(permission.get("Ipv6Ranges") or ())
    if either + max(ipv4, ipv6) > RULES_PER_DIRECTION:
        raise ApiError(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )


def _within_rules(original: Handler, direction: str, protocol: Protocol) -> Handler:
    def authorize(p: Any) -> Any:
        group = store.security_groups().get(_parameter(p, "GroupId"))
        before = copy.deepcopy(group[direction]) if group else None
        reply = original(p)
        if group and reply[0] < 400 and group[direction] != before:
            try:
                check_rules(group[direction])
            except ApiError as error:
                group[direction] = before
                return protocol.render_error(error)
        return reply

    return authorize


def _within_tags(original: Handler, protocol: Protocol) -> Handler:
    model = protocol.operation(_CREATE_TAGS)

    def create_tags(p: Any) -> Reply:
        try:
            request = protocol.parse(model, p)
            given = [tag["Key"] for tag in request["Tags"]]
            for resource_id in request["Resources"]:
                check_tags({*store.tags(resource_id), *given})
        except ApiError as error:
            return protocol.render_error(error)
        reply: Reply = original(p)
        return reply

    return create_tags


def _parameter(p: Mapping[str, Any], name: str) -> str:
    value = p.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
