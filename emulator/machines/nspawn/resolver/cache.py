"""Answers kept for their time to live, as the VPC's name server on AWS keeps them.

A client that asked before a record changed gets the old value until its time
to live is over. That a name of a zone does not exist, or has no such record, is
kept for a time of its own, if any; clients may keep it as long as the zone's SOA says.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import dns.rrset

from emulator.machines.nspawn.resolver.answers import Answer

_MAX_ENTRIES = 10_000


class Cache:
    """Remembers answers. Methods may be called from any thread."""

    def __init__(
        self,
        find: Callable[[str, str], Answer],
        *,
        absence_seconds: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`find` is asked for what is not remembered; `absence_seconds` is for what a zone does not have."""
        self._find = find
        self._absence_seconds = absence_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, float, Answer]] = {}
        """When it was found, for how many seconds it is kept, and the answer."""

    def find(self, name: str, type_: str) -> Answer:
        """The answer for a fully qualified name in lower case."""
        now = self._clock()
        with self._lock:
            since, lifetime, answer = self._known.get((name, type_), (0.0, 0.0, None))
        if answer is not None and now - since < lifetime:
            return _aged(answer, now - since, lifetime)
        answer = self._find(name, type_)
        lifetime = self._lifetime(answer)
        with self._lock:
            if len(self._known) >= _MAX_ENTRIES:
                self._known.clear()
            if lifetime > 0:
                self._known[name, type_] = (now, lifetime, answer)
            else:
                self._known.pop((name, type_), None)
        return answer

    def _lifetime(self, answer: Answer) -> float:
        if answer.records:
            return min(rrset.ttl for rrset in answer.records)
        # What no zone is responsible for has no SOA, and is not kept.
        return self._absence_seconds() if answer.authority else 0.0


def _aged(answer: Answer, seconds: float, lifetime: float) -> Answer:
    if not answer.records:
        left = math.ceil(lifetime - seconds)
        return replace(answer, authority=tuple(_with_ttl(rrset, left) for rrset in answer.authority))
    return replace(
        answer, records=tuple(_with_ttl(rrset, rrset.ttl - int(seconds)) for rrset in answer.records)
    )


def _with_ttl(rrset: dns.rrset.RRset, ttl: int) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(rrset.name, ttl, list(rrset))
