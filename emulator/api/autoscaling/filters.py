"""Filters of DescribeAutoScalingGroups: all of them must match, each by any of its values.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Filter.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.api.autoscaling.model import Group
from emulator.api.wire import ApiError

_TAG = "tag:"


def of_request(given: Iterable[Mapping[str, Any]] | None) -> dict[str, set[str]]:
    """Filter names with their values.

    Raises:
        ApiError: there is no such filter.
    """
    filters = {str(entry["Name"]): set(entry.get("Values") or ()) for entry in given or ()}
    for name in filters:
        if name not in ("tag-key", "tag-value") and not name.startswith(_TAG):
            raise ApiError(
                "ValidationError", f"Invalid filter name '{name}': there are tag-key, tag-value and tag:<key>"
            )
    return filters


def matches(group: Group, filters: Mapping[str, set[str]]) -> bool:
    """Whether a group has the tags that a request asks for."""
    tags = {tag.key: tag.value for tag in group.tags.values()}
    found = {"tag-key": set(tags), "tag-value": set(tags.values())}
    found |= {f"{_TAG}{key}": {value} for key, value in tags.items()}
    return all(not values.isdisjoint(found.get(name, set())) for name, values in filters.items())
