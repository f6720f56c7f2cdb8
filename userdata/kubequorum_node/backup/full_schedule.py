"""When the next full snapshot is due, and the thread that takes it."""

import time
from collections.abc import Callable
from threading import Thread

from kubequorum_node import log
from kubequorum_node.backup.full import FullBackup

_RETRY_SECONDS = 20.0


class FullSchedule:
    """Takes a full snapshot every so many seconds, beside everything else."""

    def __init__(self, take: Callable[[], FullBackup], *, seconds: float) -> None:
        self._take = take
        self._seconds = seconds
        self._due = 0.0
        self._thread: Thread | None = None
        self.taken = 0
        """How many it has taken."""

    def begin(self, *, age_seconds: float) -> None:
        """The newest full snapshot is so old, by a clock that may be wrong."""
        self._due = time.monotonic() + self._seconds - max(0.0, age_seconds)

    def hurry(self) -> None:
        """Take one with the next chance."""
        self._due = 0.0

    def run_if_due(self) -> None:
        """Begin a full snapshot if it is time, and none is being taken."""
        if time.monotonic() < self._due or (self._thread is not None and self._thread.is_alive()):
            return
        self._due = time.monotonic() + self._seconds
        self._thread = Thread(target=self._run, name="backup-full", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until the one that is being taken is done."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            taken = self._take()
        except Exception as error:
            log.error(f"backup: no full snapshot: {error}; retried in {_RETRY_SECONDS:.0f} s")
            self._due = time.monotonic() + _RETRY_SECONDS
            return
        self.taken += 1
        log.info(
            f"backup: {taken.key}: {taken.status.bytes >> 10} KiB, verified and written "
            f"in {time.monotonic() - begun:.1f} s"
        )
