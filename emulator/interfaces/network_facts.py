"""What a VPC's network asks the API about: names and load balancers.

`Machines` that have a real network implement DNS and load balancers themselves,
from what they ask here. Functions may be called from any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """Identifies a VPC."""

    account_id: str
    region: str
    vpc_id: str


@dataclass(frozen=True, kw_only=True)
class RecordSet:
    """A resource record set of Route53, without a routing policy."""

    name: str
    """Fully qualified, in lower case, with the dot at the end; `*` as Route53 spells it, not escaped."""
    type: str
    ttl_seconds: int
    """0 for an alias, which has none of its own."""
    values: tuple[str, ...] = ()
    """As in the API, e.g. an address; none for an alias."""
    alias_target: str | None = None
    """What an alias stands for: a fully qualified name in lower case."""


@dataclass(frozen=True, kw_only=True)
class PrivateZone:
    """A private hosted zone that a VPC is associated with."""

    name: str
    """Fully qualified, in lower case, with the dot at the end."""
    records: tuple[RecordSet, ...]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target of a target group that can be reached by an address."""

    address: str
    port: int
    zone: str
    """Its availability zone."""
    state: str
    """As the balancer's nodes know it, which may be later than DescribeTargetHealth tells it: healthy,
    unhealthy, initial, draining, unused."""


@dataclass(frozen=True, kw_only=True)
class TargetGroup:
    """Where a listener sends connections."""

    arn: str
    preserve_client_ip: bool
    terminate_unhealthy: bool
    """Whether connections to a target end when it becomes unhealthy."""
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A TCP listener."""

    port: int
    target_group: TargetGroup


@dataclass(frozen=True, kw_only=True)
class ZonalAddress:
    """The balancer's node in one of its subnets."""

    zone: str
    subnet_cidr: str
    address: str


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A Network Load Balancer of a VPC."""

    arn: str
    dns_name: str
    """In lower case, without a dot at the end."""
    cross_zone: bool
    addresses: tuple[ZonalAddress, ...]
    listeners: tuple[Listener, ...]


class NetworkFacts(Protocol):
    """What a VPC's network may ask the API, at any time."""

    def exists(self, vpc: Vpc) -> bool:
        """Whether the VPC still exists."""

    def private_zones(self, vpc: Vpc) -> Sequence[PrivateZone]:
        """The private zones whose names resolve in the VPC."""

    def load_balancers(self, vpc: Vpc) -> Sequence[LoadBalancer]:
        """The network load balancers in the VPC. One seen for the first time gets its addresses now."""
