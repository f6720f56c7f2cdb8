"""A service of a node: what it runs, and how the host's supervisor sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from kubequorum_node.step import Step
from kubequorum_node.supervision.unit import Phase, Unit


@dataclass(frozen=True, kw_only=True)
class Service:
    """Something that a host runs by itself; for the fields see `supervision.unit.Unit`."""

    unit: str
    step: Step
    """The command of the node program that it runs."""
    phase: Phase
    stopped_by_termination: bool
    at_shutdown: bool = False
    only_with_ssh: bool = False
    """Whether it is for hosts only that somebody may log in on."""
    timer: Mapping[str, str] | None = None
    timeout: str = ""
    retry_seconds: int | None = None

    def as_unit(self) -> Unit:
        """What a supervisor needs to know of it."""
        return Unit(
            name=self.unit,
            command=self.step.name,
            description=self.step.help,
            phase=self.phase,
            stopped_by_termination=self.stopped_by_termination,
            at_shutdown=self.at_shutdown,
            timer=self.timer,
            timeout=self.timeout,
            retry_seconds=self.retry_seconds,
        )
