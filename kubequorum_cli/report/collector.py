"""Asks for a report again and again: what changes seldom, seldom."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from kubequorum_cli.report.collect import (
    describe_balancers,
    groups,
    load_balancers,
    stacks,
    volumes,
    zones,
)
from kubequorum_cli.report.firewall import security_groups
from kubequorum_cli.report.model import Report
from kubequorum_cli.report.names import names
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target

Answer = TypeVar("Answer")


class Collector:
    """Asks for one cluster.

    Groups, instances, volumes and the health of targets are asked for each time: six or seven requests. The
    rest, about 25, changes seldom.
    """

    def __init__(
        self, target: Target, *, keep_seconds: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`keep_seconds`: for how long an answer of what changes seldom is used; `now` is a clock."""
        self._target = target
        self._keep_seconds = keep_seconds
        self._now = now
        self._kept: dict[str, tuple[float, Any]] = {}

    def collect(self) -> Report:
        """Ask; errors of botocore are not handled."""
        # With its list of what the stacks own.
        resources = self._seldom("resources", lambda: Resources(self._target))
        balancers = self._seldom("load balancers", lambda: describe_balancers(resources))
        return Report(
            stacks=self._seldom("stacks", lambda: stacks(resources)),
            zones=self._seldom("zones", lambda: zones(resources)),
            groups=groups(resources),
            volumes=volumes(resources),
            load_balancers=load_balancers(resources, balancers),
            names=self._seldom("names", lambda: names(resources)),
            security_groups=self._seldom("security groups", lambda: security_groups(resources)),
        )

    def _seldom(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """The answer, or an earlier one that is not too old."""
        if what not in self._kept or self._now() - self._kept[what][0] >= self._keep_seconds:
            self._kept[what] = (self._now(), ask())
        answer: Answer = self._kept[what][1]
        return answer
