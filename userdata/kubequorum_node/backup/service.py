"""The service on every master: one writes, the others stand by, and all see whether backups are made."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubequorum_node import log
from kubequorum_node.backup import retention
from kubequorum_node.backup.age import AgeMonitor, newest_backup
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.metrics import Measurement, Reporter
from kubequorum_node.backup.turn import Turn
from kubequorum_node.backup.writer import Writer

_STAND_BY_SECONDS = 0.7
_LEADER_WAITS_SECONDS = 4.0
"""How long the leader leaves the turn to the others: to back up costs the member that does it some speed."""
_HAND_OVER_SECONDS = 600.0
"""How often a writer that leads offers the turn to the others."""
_GIVES_UP_SECONDS = 20.0
"""A writer that fails for so long lets another master try."""
_PAUSE_AFTER_SECONDS = 30.0
_AFTER_FAILURE_SECONDS = 1.0
_PRUNE_SECONDS = 3600.0
_REPORT_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What is kept."""

    all_hours: float
    daily_days: float


class BackupService:
    """Runs until it is stopped. Nothing that fails ends it."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        gateway: Callable[[], Gateway],
        slot: str,
        slots: int,
        make_writer: Callable[[], Writer],
        kept: Retention,
        notify: Callable[[str], None],
        reporter: Reporter,
    ) -> None:
        self._bucket = bucket
        self._make_gateway = gateway
        self._gateway = gateway()
        self._alone = slots == 1
        self._make_writer = make_writer
        self._kept = kept
        self._turn = Turn(gateway, slot=slot)
        self._writer: Writer | None = None
        self._monitor = AgeMonitor(bucket, notify=notify)
        self._reporter = reporter
        self._free_since: float | None = None
        self._failing_since: float | None = None
        self._not_before = 0.0
        self._offered = 0.0
        self._pruned = time.monotonic()
        self._reported = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set; then write what is left, and give the turn to another master."""
        while not stop.is_set():
            try:
                if self._turn.is_held:
                    self._write()
                else:
                    self._stand_by(stop)
                self._failing_since = None
            except Exception as error:
                self._fail(error)
                stop.wait(_AFTER_FAILURE_SECONDS)
            self._monitor.look(None if self._writer is None else self._writer.coverage)
        self._end()

    def _stand_by(self, stop: threading.Event) -> None:
        """Wait until nobody writes, then take the turn."""
        if self._writer is not None:
            log.warning("backup: this master's turn has ended; another one continues")
            self._close_writer()
        stop.wait(_STAND_BY_SECONDS * random.uniform(0.8, 1.2))
        now = time.monotonic()
        if now < self._not_before or self._turn.holder():
            self._free_since = None
            return
        if self._free_since is None:
            self._free_since = now
        status = self._gateway.status()
        leads = status.leader == status.member_id and not self._alone
        if status.is_learner or (leads and now - self._free_since < _LEADER_WAITS_SECONDS):
            return
        if self._turn.take():
            log.info("backup: this master writes the backups")
            self._free_since, self._offered = None, now

    def _write(self) -> None:
        writer = self._writer
        if writer is None:
            writer = self._make_writer()
            writer.open()
            self._writer = writer
        try:
            writer.step()
        finally:
            self._reporter.report_if_due(lambda: Measurement.of(writer.coverage, writer.fulls.newest))
        now = time.monotonic()
        if now - self._pruned > _PRUNE_SECONDS:
            self._pruned = now
            self._prune()
        if now - self._reported > _REPORT_SECONDS:
            self._reported = now
            _report(writer)
        if now - self._offered > _HAND_OVER_SECONDS:
            self._offered = now
            self._hand_over_if_leading()

    def _prune(self) -> None:
        # By the bucket's clock: by a host's that is ahead too much would be deleted.
        if newest := newest_backup(self._bucket):
            deleted = retention.prune(
                self._bucket, now=newest, all_hours=self._kept.all_hours, daily_days=self._kept.daily_days
            )
            log.info(f"backup: deleted {deleted} objects whose retention has ended")

    def _hand_over_if_leading(self) -> None:
        status = self._gateway.status()
        if not self._alone and status.leader == status.member_id:
            log.info("backup: this member leads etcd, so another one may write the backups")
            self._end()

    def _fail(self, error: Exception) -> None:
        """Go on, but not for long: another master may be able to."""
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
            log.warning(f"backup: {error!r}; retried")
        if now - self._failing_since < _GIVES_UP_SECONDS:
            return
        log.error(f"backup: failing for {now - self._failing_since:.0f} s: {error!r}")
        self._failing_since = None
        if not self._alone and self._turn.is_held:
            self._close_writer()
            self._turn.release()
            self._not_before = now + _PAUSE_AFTER_SECONDS

    def _end(self) -> None:
        """Write what is left, and give the turn back."""
        writer = self._writer
        if writer is not None and self._turn.is_held:
            try:
                writer.flush()
            except Exception as error:
                log.warning(f"backup: the last changes are left to the next writer: {error!r}")
        self._close_writer()
        self._turn.release()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _report(writer: Writer) -> None:
    coverage = writer.coverage
    log.info(
        f"backup: at revision {writer.end}; wrote {writer.summary()}; the newest write that is not in the "
        f"bucket is at most {coverage.lag_seconds(time.monotonic()):.1f} s old, in the last minutes at most "
        f"{coverage.worst_seconds:.1f} s"
    )
    coverage.worst_seconds = 0.0
