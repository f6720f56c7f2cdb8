"""Auto Scaling's API of tags."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from emulator.api.autoscaling import views
from emulator.api.autoscaling.engine import Engine
from emulator.api.autoscaling.model import GroupTag
from emulator.api.wire import ApiError, Request, Response

_TAGS_PER_GROUP = 50
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html: "The maximum number of
tags per resource is 50", and those with AWS's prefix do not count."""
_OWN_PREFIX = "aws:"


class TagsApi:
    """Handlers by action name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[str, Callable[[Request], Response]]:
        """What to put into ministack's action table."""
        return {
            "CreateOrUpdateTags": self.put,
            "DeleteTags": self.delete,
            "DescribeTags": self.describe,
        }

    def put(self, request: Request) -> Response:
        """CreateOrUpdateTags: for instances launched from now on."""
        with self._engine.lock:
            added: dict[str, set[str]] = {}
            for given in request["Tags"]:
                added.setdefault(given["ResourceId"], set()).add(given["Key"])
            for name, keys in added.items():
                check_limit(self._engine.group(name).tags.keys() | keys)
            for given, tag in zip(request["Tags"], tags_of(request["Tags"]), strict=True):
                self._engine.group(given["ResourceId"]).tags[tag.key] = tag
        return None

    def delete(self, request: Request) -> Response:
        """DeleteTags."""
        with self._engine.lock:
            for given in request["Tags"]:
                self._engine.group(given["ResourceId"]).tags.pop(given["Key"], None)
        return None

    def describe(self, request: Request) -> Response:
        """DescribeTags, with its filters."""
        wanted = {entry["Name"]: set(entry["Values"]) for entry in request.get("Filters") or ()}
        members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
        with self._engine.lock:
            tags = [
                views.tag(group, tag) for group in self._engine.groups.values() for tag in group.tags.values()
            ]
        return {
            "Tags": [
                tag
                for tag in tags
                if all(tag[member] in wanted[name] for name, member in members.items() if name in wanted)
            ]
        }


def check_limit(keys: Iterable[str]) -> None:
    """Check the tags that a group would have.

    Raises:
        ApiError: there are too many.
    """
    count = sum(not key.startswith(_OWN_PREFIX) for key in keys)
    if count > _TAGS_PER_GROUP:
        raise ApiError(
            "LimitExceeded",
            f"A group can have {_TAGS_PER_GROUP} tags, and this one would have {count}.",
        )


def tags_of(given: Iterable[Mapping[str, Any]]) -> list[GroupTag]:
    """Read tags as requests spell them."""
    return [
        GroupTag(
            key=tag["Key"],
            value=tag.get("Value") or "",
            propagate_at_launch=bool(tag.get("PropagateAtLaunch")),
        )
        for tag in given
    ]
