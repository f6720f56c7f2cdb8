"""Answers kept for their time to live, as the VPC's name server on AWS keeps them.

A client that asked before a record changed gets the old value until its time
to live is over. That a name does not exist is not cached here; clients may, as
long as the zone's SOA allows.
"""

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
        self, find: Callable[[str, str], Answer], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`find` is asked for what is not remembered."""
        self._find = find
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Answer]] = {}

    def find(self, name: str, type_: str) -> Answer:
        """The answer for a fully qualified name in lower case."""
        now = self._clock()
        with self._lock:
            since, answer = self._known.get((name, type_), (0.0, None))
        if answer is not None and now - since < _shortest(answer):
            return _aged(answer, int(now - since))
        answer = self._find(name, type_)
        with self._lock:
            if len(self._known) >= _MAX_ENTRIES:
                self._known.clear()
            if answer.records:
                self._known[name, type_] = (now, answer)
            else:
                self._known.pop((name, type_), None)
        return answer


def _shortest(answer: Answer) -> int:
    return min(rrset.ttl for rrset in answer.records)


def _aged(answer: Answer, seconds: int) -> Answer:
    return replace(answer, records=tuple(_with_ttl(rrset, rrset.ttl - seconds) for rrset in answer.records))


def _with_ttl(rrset: dns.rrset.RRset, ttl: int) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(rrset.name, ttl, list(rrset))
