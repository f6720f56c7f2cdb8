"""What is sent over the channel, as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

Lost = Literal["request", "response", "silently"]


@dataclass(frozen=True, kw_only=True)
class ApiRule:
    """Which requests of instances the API answers badly, late or not at all.

    A rule applies to a request if `service`, `operation` and the caller match, and with its probability.
    Without `instance_id` and `role` that is every instance. Requests of the administrator (tests, deployment
    tools) are never affected unless `administrator` is set: then only his are, or his as well if an instance
    or a role is named.
    """

    service: Annotated[
        str, Field(description="As in the name of a permission: ec2, autoscaling, s3, route53, …")
    ] = "*"
    operation: Annotated[
        str, Field(description="As permissions name it: AttachVolume, GetObject, ListBucket, …")
    ] = "*"
    instance_id: Annotated[str | None, Field(description="Only requests of this instance.")] = None
    role: Annotated[str | None, Field(description="Only requests of sessions of this role.")] = None
    administrator: Annotated[bool, Field(description="Requests of the administrator.")] = False

    latency_seconds: Annotated[
        float, Field(ge=0, description="Delay the request; alone, or together with one of the effects below.")
    ] = 0.0
    throttled: Annotated[
        bool, Field(description="Answer with the service's own error for too many requests.")
    ] = False
    error: Annotated[
        str | None, Field(description="Answer with this error code, e.g. InternalError or ExpiredToken.")
    ] = None
    status: Annotated[
        int | None,
        Field(ge=400, le=599, description="The HTTP status of that answer (400). Alone: an empty body."),
    ] = None
    lost: Annotated[
        Lost | None,
        Field(
            description="request: the connection drops and nothing is done. response: it is done, then the "
            "connection drops. silently: the answer says that it is done, but it is not "
            "(Query, EC2 and JSON protocols)."
        ),
    ] = None

    times: Annotated[
        int | None, Field(ge=1, description="How many requests it affects; by default until it is cleared.")
    ] = None
    probability: Annotated[float, Field(ge=0, le=1, description="Of each matching request.")] = 1.0
    seed: Annotated[
        int, Field(description="Of the probability: the same seed affects the same requests of a sequence.")
    ] = 0


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """How a command on a machine ended."""

    status: int
    """Exit status; negative: the number of the signal that ended it."""
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, kw_only=True)
class ActiveFault:
    """A fault that has an effect now, or will have one the next time that it applies."""

    fault_id: str
    kind: str
    """`api`, `clock`, `detach`, `attach`, `event`, `imds` or `kill`."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Its arguments; those that were left out are not listed."""
    used: int = 0
    """How many times it has had its effect."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """The partitions of the network between machines."""

    sides: Sequence[Sequence[str]]
    """Instances that cannot reach those of another side."""
    zones: Sequence[str]
    """The zones that are partitioned off."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine behind an instance."""

    instance_id: str
    zone: str
    address: str
    on: bool
    """Whether it has power."""
    frozen: bool
    partitioned: bool
    """Whether it is cut off from the network."""
    first_process: int
    """Its first process, as this computer counts; 0 without power."""
