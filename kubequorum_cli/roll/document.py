"""A roll: what it will do, and what it has done. `roll --json` prints it with these names."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kubequorum_cli.plan.document import Duration
from kubequorum_cli.validate import Finding


class State(StrEnum):
    """What has become of a master."""

    UNTOUCHED = "untouched"
    REPLACING = "replacing"
    """Its group was asked to terminate it, and no successor has proved itself yet."""
    REPLACED = "replaced"
    GONE = "gone"
    """Somebody else has replaced it meanwhile."""


class Outcome(StrEnum):
    """How a roll ended."""

    PLANNED = "planned"
    """A dry run."""
    NOTHING = "nothing"
    """There was nothing to replace."""
    REFUSED = "refused"
    """A gate was closed before anything was done."""
    DECLINED = "declined"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    DONE = "done"


@dataclass(kw_only=True)
class Step:
    """A master that is replaced."""

    slot: str
    group: str
    instance: str
    launched: str
    """By AWS's clock, ISO 8601."""
    template: str
    """Id and version of the launch template that it was launched from, as in `lt-… version 3`."""
    template_after: str
    """The same of its successor."""
    limit_seconds: float
    """How long its successor may take."""
    state: State = State.UNTOUCHED
    successor: str = ""
    seconds: float | None = None
    """What the replacement took."""

    @property
    def deploys(self) -> bool:
        """Whether the successor is launched from something else."""
        return self.template != self.template_after


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A master that is not replaced, as it was launched since the given moment."""

    slot: str
    instance: str
    launched: str


@dataclass(kw_only=True)
class Roll:
    """All of it."""

    cluster: str
    launched_before: datetime
    """Masters that were launched since are new enough: what was asked for, or when the roll was planned."""
    only: str
    """The slot that was asked for; empty for all."""
    program: str
    """How this program is called for this cluster."""
    timeout: float | None
    """How many seconds a successor may take, if that was asked for."""
    steps: list[Step]
    """In the order in which they are replaced."""
    kept: list[Kept]
    expected: Duration
    """All replacements, one after the other."""
    client_gap: Duration
    """The longest time in which one client of the API cannot write."""
    backup: str = ""
    """The id of the full snapshot that was taken before."""
    outcome: Outcome = Outcome.PLANNED
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    """Those that have closed a gate at the end."""

    @property
    def continuation(self) -> str:
        """The command that replaces what this roll has not."""
        only = f" --slot {self.only}" if self.only else ""
        limit = f" --timeout {self.timeout:g}" if self.timeout is not None else ""
        moment = f"{self.launched_before:%Y-%m-%dT%H:%M:%SZ}"
        return f"{self.program} roll{only}{limit} --launched-before {moment}"
