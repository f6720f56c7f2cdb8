"""Who can reach the API, and whether the firewall has room for all of them."""

from collections import Counter
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem

_RULES_PER_GROUP = 60
"""Default quota of inbound rules of a security group.
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
_RULES_FOR_NODES = 2
"""Of the load balancer's group: one for masters, one for workers."""


def exposure_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check exposure and allowed ranges of the API."""
    api = cluster.api
    if api.exposure == "public" and not api.allowed_cidrs:
        yield Problem(
            "api.allowed_cidrs",
            "[]",
            "no range outside the VPC may reach the public API",
            "name the ranges that may connect, or set api.exposure to internal",
        )
    if api.exposure == "public" and cluster.network.nat == "none":
        yield Problem(
            "api.exposure",
            "public",
            "a VPC with network.nat = none has no internet gateway",
            "set api.exposure to internal, or network.nat to per-zone or single",
        )
    for cidr, times in Counter(api.allowed_cidrs).items():
        if times > 1:
            yield Problem("api.allowed_cidrs", cidr, f"is listed {times} times", "list each range once")
    limit = _RULES_PER_GROUP - _RULES_FOR_NODES
    if len(api.allowed_cidrs) > limit:
        yield Problem(
            "api.allowed_cidrs",
            f"{len(api.allowed_cidrs)} ranges",
            f"a security group has at most {_RULES_PER_GROUP} inbound rules, "
            f"and {_RULES_FOR_NODES} are for the nodes",
            f"name at most {limit} ranges: combine neighbouring ones",
        )
