"""What is said over the channel, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Lost = Literal["request", "response", "silently"]


@dataclass(frozen=True, kw_only=True)
class ApiRule:
    """Requests of instances that AWS's API answers badly, late or not at all.

    A rule applies to a request if `service`, `operation` and caller fit, and chance wants it. Without
    `instance_id` and `role` that is every instance. The administrator (tests, the CDK) is never hit, unless
    `administrator` says so: then he alone is, or he as well if an instance or role is named.
    """

    service: str = "*"
    """As in the name of a permission: `ec2`, `autoscaling`, `s3`, `route53`, `cloudformation`, …"""
    operation: str = "*"
    """E.g. `AttachVolume`. For S3 and Route 53 the permission's name: `GetObject`, `ListBucket`, …"""
    instance_id: str | None = None
    role: str | None = None
    """The name of the role whose sessions are hit."""
    administrator: bool = False

    latency_seconds: float = 0.0
    """How much later the request is looked at. May go with any of the effects below, or stand alone."""
    throttled: bool = False
    """Answer with the service's own error for too many requests."""
    error: str | None = None
    """Answer with this error code, e.g. `InternalError`, `AccessDenied`, `ExpiredToken`."""
    status: int | None = None
    """The HTTP status of that answer; left out 400. Without `error`: an empty body."""
    lost: Lost | None = None
    """`request`: the connection drops, nothing is done. `response`: it is done, then the connection drops.
    `silently`: answered as if it were done, but it is not (Query, EC2 and JSON protocols)."""

    times: int | None = None
    """After so many requests the rule is gone; None: until it is removed."""
    probability: float = 1.0
    seed: int = 0
    """Of the chances: the same seed hits the same requests of a sequence."""

    def as_parameters(self) -> dict[str, Any]:
        """For the channel."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """How a command on a machine ended."""

    status: int
    """Exit status; negative: the number of the signal that ended it."""
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Something that is broken now, or will be the next time."""

    switch_id: str
    kind: str
    """`api`, `clock`, `detach`, `attach`, `event`, `imds` or `kill`."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters; those that were left out are not shown."""
    used: int = 0
    """How many times it had its effect."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """How the network between machines is cut up."""

    sides: Sequence[Sequence[str]]
    """Instances that cannot reach those of another side."""
    zones: Sequence[str]
    """The zones that are cut off."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine behind an instance."""

    instance_id: str
    zone: str
    address: str
    on: bool
    """Whether it has power."""
    frozen: bool
    cut: bool
    """Whether its wire is cut."""
