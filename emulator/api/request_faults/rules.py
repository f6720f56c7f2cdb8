"""Rules about requests: which of them a rule affects."""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from emulator.api.request_faults import answers
from emulator.api.request_faults.callers import Caller, Operation
from emulator.faults.declaration import FaultId
from emulator.faults.errors import FaultError
from emulator.faults.model import ApiRule
from emulator.faults.store import ActiveFaults, Entry

KIND = "api"


@dataclass(frozen=True)
class Active:
    """An active rule, with its random draws."""

    rule: ApiRule
    _random: random.Random = field(repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def happens(self) -> bool:
        """Draw once: whether it has its effect this time."""
        with self._lock:
            return self._random.random() < self.rule.probability


def add(active_faults: ActiveFaults, **parameters: Any) -> FaultId:
    """Make a rule active; the id of the fault.

    Raises:
        FaultError: it has no effect, or two that exclude each other.
    """
    rule = ApiRule(**parameters)
    effects = [rule.throttled, rule.error is not None or rule.status is not None, rule.lost is not None]
    if sum(effects) > 1:
        raise FaultError(f"throttled, error (with status) and lost exclude each other: {rule}")
    if not any(effects) and rule.latency_seconds <= 0:
        raise FaultError(f"a rule needs an effect: throttled, error, status, lost or latency_seconds: {rule}")
    if rule.lost == "silently" and not answers.can_say_success(rule.service):
        raise FaultError(
            f"an answer of {rule.service} cannot be made up: name one service that speaks "
            "the Query, EC2 or JSON protocol, or lose the request or the response"
        )
    draws = Active(rule, random.Random(rule.seed))
    return active_faults.add(KIND, parameters, times=rule.times, detail=draws)


def fits(entry: Entry, operation: Operation, caller: Caller) -> bool:
    """Whether a rule affects a request. Each request that it could affect takes one draw."""
    active: Active = entry.detail
    rule = active.rule
    return (
        rule.service in ("*", operation.service)
        and rule.operation in ("*", operation.name)
        and _is_meant(rule, caller)
        and active.happens()
    )


def is_latency_only(rule: ApiRule) -> bool:
    """Whether the request is answered as usual, only later."""
    return not (rule.throttled or rule.error or rule.status or rule.lost)


def _is_meant(rule: ApiRule, caller: Caller) -> bool:
    if caller.is_administrator:
        return rule.administrator
    if rule.instance_id is not None or rule.role is not None:
        return rule.instance_id in (None, caller.instance_id) and rule.role in (None, caller.role)
    # Other roles (of functions, of the CDK) are meant only if they are named.
    return caller.instance_id is not None and not rule.administrator
