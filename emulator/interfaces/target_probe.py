"""The interface of what checks the health of targets. Without a prober no target becomes healthy."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class TargetCheck:
    """One health check of one target, as its target group configures it."""

    target_group_arn: str
    instance_id: str | None
    """None for a target that is registered by its address."""
    address: str
    port: int
    protocol: str
    """TCP, HTTP or HTTPS; of an HTTPS target the certificate is not verified, as on AWS."""
    path: str | None
    success_codes: str
    """The matcher, e.g. `200` or `200-399`."""
    timeout_seconds: float


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    healthy: bool
    reason: str | None = None
    """One of Target.ResponseCodeMismatch, Target.Timeout, Target.FailedHealthChecks."""
    description: str | None = None


@runtime_checkable
class TargetProber(Protocol):
    """Reaches targets where they are. Machines that can do so offer it beside their other methods."""

    def probe_target(self, check: TargetCheck) -> Finding:
        """Check once; may block for the check's timeout. Called in worker threads."""
