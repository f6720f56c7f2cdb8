"""What a report says, as plain data; `status --json` prints it with these field names."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A CloudFormation stack."""

    name: str
    status: str
    reason: str
    created: str
    """ISO 8601."""
    outputs: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone with the stacks' subnets in it: subnet id to CIDR."""

    name: str
    subnets: dict[str, str]
    public: list[str] = field(default_factory=list)
    """Those of the subnets that are for internet-facing load balancers, by their tag."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An EC2 instance of a group."""

    id: str
    zone: str
    type: str
    state: str
    lifecycle_state: str
    health: str
    private_ip: str
    status_checks: str
    """Of EC2: `ok`, `impaired`, `initializing`, `insufficient-data`; empty while it does not run."""
    scheduled_events: list[str]
    """What EC2 has scheduled for it, like a reboot or its retirement: code, time and description."""
    host_name: str = ""
    """The name that its host has: its private DNS name, without the domain."""
    security_groups: list[str] = field(default_factory=list)
    """Their ids."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """An Auto Scaling group."""

    name: str
    slot: str
    """Empty for workers."""
    worker_group: str
    """Empty for masters."""
    zones: list[str]
    min_size: int
    max_size: int
    desired: int
    suspended: list[str]
    """Its processes that somebody has suspended."""
    instances: list[Instance]


@dataclass(frozen=True, kw_only=True)
class Volume:
    """An EBS volume that a stack declares, or that a master has made in place of a lost one."""

    id: str
    name: str
    slot: str
    """Empty for a volume that is no slot's."""
    zone: str
    size_gib: int
    encrypted: bool
    state: str
    attached_to: str


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A load balancer; targets are `<id>:<port>` to health."""

    name: str
    dns_name: str
    scheme: str
    state: str
    targets: dict[str, str]
    security_groups: list[str] = field(default_factory=list)
    """Their ids."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """A Route53 record of a zone that a stack declares."""

    name: str
    type: str
    values: list[str]
    private: bool


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a security group lets in."""

    source: str
    """The id of a security group, or a CIDR."""
    protocol: str
    """`tcp`, `udp`, `icmp` or `all`."""
    ports: str
    """One, a range like `2379-2380`, or `all`."""
    description: str


@dataclass(frozen=True, kw_only=True)
class SecurityGroup:
    """A security group with the cluster's tag."""

    id: str
    inbound: list[Rule]


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it."""

    stacks: list[Stack]
    zones: list[Zone]
    groups: list[Group]
    volumes: list[Volume]
    load_balancers: list[LoadBalancer]
    names: list[Name]
    security_groups: list[SecurityGroup] = field(default_factory=list)
