"""Rules about requests: which of them a rule hits."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from emulator.api.faults import answers
from emulator.api.faults.callers import Caller, Operation
from emulator.api.faults.switches import Entry, Switches
from emulator.faults.errors import BreakError
from emulator.faults.rules import ApiRule

KIND = "api"


@dataclass(frozen=True)
class Active:
    """A rule that is on, with its chances."""

    rule: ApiRule
    _chance: random.Random = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def happens(self) -> bool:
        """Whether chance wants it this time."""
        with self._lock:
            return self._chance.random() < self.rule.probability


def add(switches: Switches, **parameters: Any) -> str:
    """Switch a rule on; its id.

    Raises:
        BreakError: it has no effect, two that exclude each other, or a value that is not possible.
    """
    rule = ApiRule(**parameters)
    effects = [rule.throttled, rule.error is not None or rule.status is not None, rule.lost is not None]
    if sum(effects) > 1:
        raise BreakError(f"throttled, error (with status) and lost exclude each other: {rule}")
    if not any(effects) and rule.latency_seconds <= 0:
        raise BreakError(f"a rule needs an effect: throttled, error, status, lost or latency_seconds: {rule}")
    if rule.lost not in (None, "request", "response", "silently"):
        raise BreakError(f"lost is {rule.lost!r}; it may be request, response or silently")
    if not 0 <= rule.probability <= 1:
        raise BreakError(f"probability is {rule.probability}; it is a number from 0 to 1")
    if rule.status is not None and not 400 <= rule.status <= 599:
        raise BreakError(f"status is {rule.status}; an error has one from 400 to 599")
    if rule.lost == "silently" and not answers.can_say_success(rule.service):
        raise BreakError(
            f"an answer of {rule.service} cannot be made up: name one service that speaks "
            "the Query, EC2 or JSON protocol, or lose the request or the response"
        )
    active = Active(rule, random.Random(rule.seed))
    return switches.add(KIND, parameters, times=rule.times, detail=active)


def fits(entry: Entry, operation: Operation, caller: Caller) -> bool:
    """Whether a rule hits a request. Each request that it could hit takes one draw of its chances."""
    active: Active = entry.detail
    rule = active.rule
    return (
        rule.service in ("*", operation.service)
        and rule.operation in ("*", operation.name)
        and _is_meant(rule, caller)
        and active.happens()
    )


def is_latency_only(rule: ApiRule) -> bool:
    """Whether the request is answered as ever, only later."""
    return not (rule.throttled or rule.error or rule.status or rule.lost)


def _is_meant(rule: ApiRule, caller: Caller) -> bool:
    if caller.is_administrator:
        return rule.administrator
    if rule.instance_id is not None or rule.role is not None:
        return rule.instance_id in (None, caller.instance_id) and rule.role in (None, caller.role)
    # Other roles (of functions, of the CDK) are meant only if they are named.
    return caller.instance_id is not None and not rule.administrator
