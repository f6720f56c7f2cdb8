"""Filters of DescribeAutoScalingGroups: all of them must match, each by any of its values.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Filter.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.autoscaling.model import Group
from emulator.api.wire import ApiError

_TAG = "tag:"
_NAMES = "tag-key, tag-value and tag:<key>"


def matches(group: Group, filters: Iterable[Mapping[str, Any]] | None) -> bool:
    """Whether a group has the tags that a request asks for.

    Raises:
        ApiError: there is no such filter.
    """
    return all(
        _matches_one(group, str(entry["Name"]), set(entry.get("Values") or ())) for entry in filters or ()
    )


def _matches_one(group: Group, name: str, values: set[str]) -> bool:
    tags = {tag.key: tag.value for tag in group.tags.values()}
    if name == "tag-key":
        return not values.isdisjoint(tags)
    if name == "tag-value":
        return not values.isdisjoint(tags.values())
    if name.startswith(_TAG):
        return tags.get(name.removeprefix(_TAG)) in values
    raise ApiError("ValidationError", f"Invalid filter name '{name}': this emulator knows {_NAMES}")
