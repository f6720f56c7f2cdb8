"""Tags of the cluster file: characters, number, and no collision with those that the cluster depends on."""

import unicodedata
from collections.abc import Iterator

from kubequorum import tags
from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_LONGEST_KEY = 128
_LONGEST_VALUE = 256
_PUNCTUATION = frozenset("_.:/=+-@")
"""Besides letters, digits and spaces. Some services accept more; all of them accept these.
https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""
_TAGS_OF_A_RESOURCE = 50
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"""
_TAGS_OF_A_HOSTED_ZONE = 10
"""https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html"""
_OWN_TAGS = 10
"""Room for those that the CDK and the app add to any resource other than a worker group."""


def tag_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check `tags`, and the tags that labels and taints of worker groups become."""
    for key, value in cluster.tags.items():
        yield from _tag(key, value)
    yield from _differ_in_case(cluster)
    yield from _count(cluster)


def _tag(key: str, value: str) -> Iterator[Problem]:
    fits = 1 <= len(key) <= _LONGEST_KEY and len(value) <= _LONGEST_VALUE
    if key.lower().startswith("aws:") or not fits or not _is_allowed(key) or not _is_allowed(value):
        yield Problem(
            f"tags.{key}",
            value,
            "AWS refuses this tag",
            f"use a key of 1 to {_LONGEST_KEY} characters that does not begin with aws:, a value of at most "
            f"{_LONGEST_VALUE}, and only letters, digits, spaces and {' '.join(sorted(_PUNCTUATION))}",
        )
    # IAM conditions distinguish slots by such tags, and IAM compares keys without case.
    if key == "Name" or key.lower().startswith(tags.OWN_PREFIXES):
        yield Problem(
            f"tags.{key}",
            value,
            "would replace a tag that the cluster itself depends on",
            f"use another key: not Name, and none that begins with {', '.join(tags.OWN_PREFIXES)}",
        )


def _is_allowed(text: str) -> bool:
    return all(
        character in _PUNCTUATION or unicodedata.category(character)[0] in "LN" or character == " "
        for character in text
    )


def _differ_in_case(cluster: Cluster) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for key, value in cluster.tags.items():
        other = seen.setdefault(key.lower(), key)
        if other != key:
            yield Problem(
                f"tags.{key}",
                value,
                f"differs from tags.{other} in case only, and IAM does not distinguish them",
                "keep one of them",
            )


def _count(cluster: Cluster) -> Iterator[Problem]:
    limits = [(_TAGS_OF_A_RESOURCE - _OWN_TAGS, "a resource", _TAGS_OF_A_RESOURCE, _OWN_TAGS)]
    if cluster.dns.hosted_zone_id is None:
        limits = [(_TAGS_OF_A_HOSTED_ZONE - 1, "a hosted zone", _TAGS_OF_A_HOSTED_ZONE, 1)]
    for limit, what, total, own in limits:
        if len(cluster.tags) > limit:
            yield Problem(
                "tags",
                f"{len(cluster.tags)} tags",
                f"{what} has at most {total} tags, and {own} may be the app's own",
                f"use at most {limit}",
            )
    for index, group in enumerate(cluster.worker_groups):
        names = {
            *cluster.tags,
            tags.CLUSTER,
            *tags.of_worker_instances(cluster.name, group.name),
            *tags.of_worker_group_only(cluster.name, group.node_labels, group.taint_values),
        }
        if len(names) > _TAGS_OF_A_RESOURCE:
            excess = len(names) - _TAGS_OF_A_RESOURCE
            yield Problem(
                f"worker_groups.{index}.labels",
                f"{len(group.labels)} labels",
                f"with {len(group.taints)} taints and {len(cluster.tags)} tags they make {len(names)} tags "
                f"of the Auto Scaling group, and AWS allows {_TAGS_OF_A_RESOURCE}",
                f"remove {excess} of them",
            )
