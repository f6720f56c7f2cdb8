"""When the next full snapshot is due, and the thread that takes it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from kubequorum_node import log
from kubequorum_node.backup.full import FullBackup

_RETRY_SECONDS = 20.0
_BETWEEN_REQUESTS_SECONDS = 5.0
"""Whoever may ask must not keep a master busy: requests in this time get one snapshot together."""


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest full snapshot in the bucket."""

    revision: int
    size_bytes: int
    written: float
    """By the clock that never goes back."""


class FullSchedule:
    """Takes a full snapshot every so many seconds, or when one is asked for, beside everything else."""

    def __init__(self, take: Callable[[], FullBackup], *, seconds: float) -> None:
        self._take = take
        self._seconds = seconds
        self._due = 0.0
        self._wanted = 0
        self._not_before = 0.0
        self._thread: Thread | None = None
        self.newest: Newest | None = None
        self.taken = 0
        """How many it has taken."""

    def begin(self, *, age_seconds: float, revision: int, size_bytes: int) -> None:
        """There is one, so old by a clock that may be wrong."""
        written = time.monotonic() - max(0.0, age_seconds)
        self._due = written + self._seconds
        self.newest = Newest(revision=revision, size_bytes=size_bytes, written=written)

    def hurry(self) -> None:
        """Take one with the next chance."""
        self._due = 0.0

    def request(self, revision: int) -> None:
        """One with this revision or a later one is wanted; safe to repeat."""
        self._wanted = revision

    def run_if_due(self) -> None:
        """Begin a full snapshot if it is time or one is wanted, and none is being taken."""
        if self._thread is not None and self._thread.is_alive():
            return
        now = time.monotonic()
        if now < self._due and not (self._is_wanted() and now >= self._not_before):
            return
        self._due = now + self._seconds
        self._thread = Thread(target=self._run, name="backup-full", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the one that is being taken is done."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _is_wanted(self) -> bool:
        return self._wanted > (0 if self.newest is None else self.newest.revision)

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            taken = self._take()
        except Exception as error:
            log.error(f"backup: no full snapshot: {error}; retried in {_RETRY_SECONDS:.0f} s")
            self._due = self._not_before = time.monotonic() + _RETRY_SECONDS
            return
        now = time.monotonic()
        status = taken.status
        self.newest = Newest(revision=status.revision, size_bytes=status.bytes, written=now)
        self._not_before = now + _BETWEEN_REQUESTS_SECONDS
        self.taken += 1
        log.info(
            f"backup: {taken.key}: {status.bytes >> 10} KiB, verified and written in {now - begun:.1f} s"
        )
