"""The document that is drawn: what there is, where it is placed, and how well it is.

The page draws it and decides nothing: every condition and every sentence about it comes from here. It has no
time in it: two looks at a cluster in which nothing changed give equal documents.
"""

from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
"""Raised when a page of before could not draw the document any more."""


class Condition(StrEnum):
    """How well something is."""

    WELL = "well"
    BUSY = "busy"
    """It comes, goes or changes: nobody needs to do anything."""
    BAD = "bad"
    UNKNOWN = "unknown"
    """Nobody says."""


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """A subnet."""

    id: str
    cidr: str
    public: bool
    """It is for internet-facing load balancers and NAT gateways; no instance is in it."""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone: a column of the picture."""

    name: str
    subnets: list[Subnet]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the control plane on a master."""

    name: str
    condition: Condition
    leads: bool


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An EC2 instance, with its node and what runs there."""

    id: str
    zone: str
    place: int
    """Its place among those of its group in its zone, from 0: kept as long as it is there."""
    type: str
    address: str
    condition: Condition
    text: str
    """The condition in words."""
    pods: int | None
    """How many run on its node; None if nobody says."""
    parts: list[Part]


@dataclass(frozen=True, kw_only=True)
class Volume:
    """The etcd volume of a slot."""

    id: str
    size_gib: int
    encrypted: bool
    attached_to: str
    """The id of an instance, or empty."""
    condition: Condition
    text: str


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A position of a master: its Auto Scaling group of one, its volume and its name."""

    slot: str
    zone: str
    group: str
    instances: list[Instance]
    volume: Volume | None
    name: str
    """DNS name of its etcd member; empty if there is no record."""
    name_address: str
    """The address that the record has."""


@dataclass(frozen=True, kw_only=True)
class WorkerGroup:
    """An Auto Scaling group of workers, across zones."""

    name: str
    group: str
    zones: list[str]
    min_size: int
    desired: int
    max_size: int
    instances: list[Instance]


@dataclass(frozen=True, kw_only=True)
class Target:
    """An instance to which a load balancer sends connections, or does not."""

    instance: str
    condition: Condition
    text: str
    """Its health in AWS's word: `healthy`, `unhealthy`, `draining`, …"""


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """A load balancer of the API."""

    name: str
    public: bool
    condition: Condition
    text: str
    targets: list[Target]


@dataclass(frozen=True, kw_only=True)
class Name:
    """A DNS record."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Addon:
    """A set of Kubernetes objects that masters apply."""

    name: str
    version: str
    condition: Condition
    text: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A condition and what it says, where there is nothing else to show."""

    condition: Condition
    text: str


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Who may connect to whom, by the rules of the security groups.

    Sources and targets are `people` (addresses outside of the cluster), `balancer`, `masters`, `workers` or
    `other`.
    """

    sources: list[str]
    targets: list[str]
    port: str
    """Protocol and ports: `tcp 6443`."""
    reason: str
    """The rules' description."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that a person should know of, and what to do."""

    kind: str
    """Of its subject: instance, volume, balancer, addon, stack, kubernetes or backups."""
    subject: str
    """Its id or name."""
    condition: Condition
    """BAD, or BUSY for what is only announced."""
    text: str
    remedy: str
    """A path in this repository that says what to do."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All of it."""

    version: int
    cluster: str
    region: str
    vpc: str
    """Its id; empty while there is none."""
    zones: list[Zone]
    slots: list[Slot]
    worker_groups: list[WorkerGroup]
    balancers: list[Balancer]
    names: list[Name]
    kubernetes: Fact
    """Whether its API answers."""
    addons: list[Addon]
    backups: Fact
    flows: list[Flow]
    marks: list[Mark]
