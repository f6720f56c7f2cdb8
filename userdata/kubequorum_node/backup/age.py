"""Whether backups are made: seen by every master, in the bucket itself."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from kubequorum_node import log as messages
from kubequorum_node.backup import generation
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.coverage import Coverage

LIMIT_SECONDS = 300.0
"""Without a backup for so long somebody must know."""
UNIT = "kubequorum-backup"
_LOOK_SECONDS = 100.0
"""Two LIST requests each time; see docs/backups.md for what that costs."""
_WRITER_LOOKS_SECONDS = 5.0


def newest_backup(bucket: Bucket) -> datetime | None:
    """When the newest object of the newest generation was written, by the bucket's clock."""
    generations = generation.all_of(bucket)
    if not generations:
        return None
    chain = Chain(bucket, generations[-1].number)
    fulls = chain.fulls()
    if not fulls:
        return None
    logs = chain.logs(after=fulls[-1].revision)
    return max([fulls[-1].written, *(log.written for log in logs[-1:])])


class AgeMonitor:
    """Notices that no backup was made for too long, and that there is one again."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        notify: Callable[[str], None],
        limit_seconds: float = LIMIT_SECONDS,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        """Begin.

        Args:
            bucket: where backups are.
            notify: reports that there are none, and with an empty text that there are some again.
            limit_seconds: how old the newest may be.
            look_seconds: how often a master looks that does not write them.

        """
        self._bucket = bucket
        self._notify = notify
        self._limit_seconds = limit_seconds
        self._look_seconds = look_seconds
        self._looked = time.monotonic()
        # A cluster that begins has none for a while; and where the bucket does not answer, this counts.
        self._newest = time.monotonic()
        self._is_old = False

    def look(self, coverage: Coverage | None) -> None:
        """Look, if it is time.

        Args:
            coverage: what this master knows as the writer; None if another one writes.

        """
        now = time.monotonic()
        if now - self._looked < (self._look_seconds if coverage is None else _WRITER_LOOKS_SECONDS):
            return
        self._looked = now
        self._newest = self._newest_in_bucket(now) if coverage is None else coverage.since
        age = now - self._newest
        if age > self._limit_seconds and not self._is_old:
            self._is_old = True
            messages.error(f"backup: none for {age:.0f} s")
            self._report(f"no backup of etcd for {age:.0f} s: see `journalctl -u {UNIT}` on the masters")
        elif age <= self._limit_seconds and self._is_old:
            self._is_old = False
            messages.info(f"backup: there is one again, {age:.0f} s old")
            self._report("")

    def _newest_in_bucket(self, now: float) -> float:
        try:
            newest = newest_backup(self._bucket)
        except Exception as error:
            messages.warning(f"backup: their age cannot be seen: {error!r}")
            return self._newest
        if newest is None:
            return self._newest
        return now - (datetime.now(UTC) - newest).total_seconds()

    def _report(self, trouble: str) -> None:
        try:
            self._notify(trouble)
        except Exception as error:
            messages.warning(f"backup: it cannot be reported: {error!r}")
