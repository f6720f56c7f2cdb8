"""What a supervisor has to know of a service; `kubequorum_node.services` has the table of all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """When services start."""

    BOOT = "by user-data, and at every start of the host"
    LAUNCH = "when a boot begins"
    POD_NETWORK = "when the node is in the cluster"
    CLUSTER = "when the cluster is configured"
    IN_SERVICE = "when this host is in service"
    ADDONS = "when this host is in service, or a plain process that says so"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A service as a supervisor sees it."""

    name: str
    """Name of its systemd unit, without a suffix."""
    command: str
    """Command of the node program that it runs."""
    description: str
    phase: Phase
    stopped_by_termination: bool
    """Whether it would start again, or use, what a graceful termination stops."""
    at_shutdown: bool = False
    """Whether it does nothing but run its command when the host shuts down."""
    timer: Mapping[str, str] | None = None
    """The [Timer] section of a service that runs now and then; see systemd.timer(5)."""
    timeout: str = ""
    """How long one run of such a service may take, as a systemd time span."""
    retry_seconds: int | None = None
    """When a failed run of such a service is retried; None for the next time the timer elapses."""
