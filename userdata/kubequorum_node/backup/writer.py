"""The writer of backups on the master whose turn it is: follows etcd, writes logs, takes full snapshots."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from kubequorum_node import log
from kubequorum_node.backup import full, generation, holes, request
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.chain import Chain, Full
from kubequorum_node.backup.coverage import Coverage
from kubequorum_node.backup.errors import BackupError, CompactedError, DamagedError, DivergedError, HoleError
from kubequorum_node.backup.follower import Follower
from kubequorum_node.backup.full_schedule import FullSchedule
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.log_writer import OBJECT_BYTES, LogWriter
from kubequorum_node.backup.tools import EtcdTools

FLUSH_SECONDS = 4.0
FULL_SECONDS = 300.0
_CATCH_UP_SECONDS = 5.0
_LOOK_SECONDS = 1.0
"""How often etcd's revision is compared with what is in the bucket."""
_STALLED_SECONDS = 10.0
"""A watch that is behind for so long, with room in the buffer, is opened again."""


class Writer:
    """Extends the chain of the cluster that this master's member belongs to."""

    def __init__(
        self,
        bucket: Bucket,
        *,
        gateway: Callable[[], Gateway],
        tools: EtcdTools,
        slot: str,
        work_folder: str,
        flush_seconds: float = FLUSH_SECONDS,
        full_seconds: float = FULL_SECONDS,
        wall_time: Callable[[], float] = time.time,
    ) -> None:
        self._bucket = bucket
        self._make_gateway = gateway
        self._gateway = gateway()
        self._tools = tools
        self._slot = slot
        self._work_folder = work_folder
        self._flush_seconds = flush_seconds
        self._wall_time = wall_time
        self._follower: Follower | None = None
        self._logs: LogWriter | None = None
        self._contiguous_from = 0
        self._looked = 0.0
        self._catching_up_until = 0.0
        self._unverified: Full | None = None
        self._caught_up = float("inf")
        self.generation = 0
        self.fulls = FullSchedule(self._take_full, seconds=full_seconds)
        self.heals = 0
        self.coverage = Coverage(since=time.monotonic())

    @property
    def end(self) -> int:
        """The newest revision in the bucket's logs."""
        return 0 if self._logs is None else self._logs.end

    @property
    def position(self) -> int:
        """The newest revision that was read."""
        return 0 if self._follower is None else self._follower.position

    def summary(self) -> str:
        """What it has written, for people."""
        objects, size = (0, 0) if self._logs is None else (self._logs.objects, self._logs.bytes)
        return f"{objects} logs with {size >> 10} KiB and {self.fulls.taken} full snapshots"

    def open(self) -> None:
        """Read the chain and continue behind its end, or begin again with a full snapshot."""
        now = datetime.fromtimestamp(self._wall_time(), UTC)
        found = generation.of_cluster(self._bucket, self._gateway.status().cluster_id, now=now)
        self.generation = found.number
        chain = Chain(self._bucket, found.number)
        fulls = chain.fulls()
        if not fulls:
            self._begin_again("there is no full snapshot in this generation", end=0)
            return
        end = chain.newest_end(fulls[-1])
        # What came after it may be in etcd only: a writer that fails must not look as if it had written.
        self.coverage = Coverage(since=time.monotonic() - max(0.0, self._wall_time() - (end.seen or 0.0)))
        newest = max(end.revision, fulls[-1].revision)
        if newest > self._gateway.revision():
            self._diverged(f"the chain ends at revision {newest}, and etcd has not come to it")
            return
        age = self._wall_time() - fulls[-1].written.timestamp()
        self.fulls.begin(age_seconds=age, revision=fulls[-1].revision, size_bytes=fulls[-1].size)
        if end.stopped:
            self._begin_again(end.stopped, end=end.revision)
        else:
            self._contiguous_from = fulls[-1].revision + 1
            self._unverified = fulls[-1]
            self._catching_up_until = time.monotonic() + _CATCH_UP_SECONDS
            self._follow(end.revision)
            log.info(f"backup: continuing generation {found.number} behind revision {end.revision}")

    def step(self, *, wait_seconds: float = 0.5) -> None:
        """Write what is due, after a short wait for changes.

        Raises:
            Exception: etcd or the bucket fails. What is not written stays in the buffer, and the next step
                tries again.

        """
        follower, logs = self._opened()
        follower.wait(wait_seconds)
        if isinstance(follower.failure, CompactedError | HoleError) and follower.oldest() is None:
            self._begin_again(str(follower.failure), end=logs.end)
            return
        self._look(follower)
        try:
            self._flush(follower, logs)
        except DivergedError as error:
            self._diverged(str(error))
        except (DamagedError, HoleError) as error:
            self._begin_again(str(error), end=logs.end)
        self.coverage.update(self.end, now=time.monotonic())
        if time.monotonic() > self._catching_up_until:
            self._verify()
        self.fulls.run_if_due()

    def flush(self) -> None:
        """Write all that is buffered now."""
        follower, logs = self._opened()
        while follower.oldest() is not None:
            logs.flush(follower)
        self.coverage.update(logs.end, now=time.monotonic())

    def close(self) -> None:
        """Stop following; what is not written is left to the next writer, which reads it from etcd."""
        if self._follower is not None:
            self._follower.stop()
        self._follower = self._logs = None

    def _opened(self) -> tuple[Follower, LogWriter]:
        if self._follower is None or self._logs is None:
            raise BackupError("this writer is not open")
        return self._follower, self._logs

    def _flush(self, follower: Follower, logs: LogWriter) -> None:
        oldest = follower.oldest()
        if oldest is None:
            return
        now = time.monotonic()
        # What comes first after a change of writers has waited for it.
        patience = self._flush_seconds if now > self._catching_up_until else min(0.3, self._flush_seconds)
        is_late = now - oldest >= patience
        if is_late or follower.buffered_bytes >= OBJECT_BYTES or follower.failure is not None:
            logs.flush(follower)
            if follower.oldest() is None:
                self._catching_up_until = now

    def _verify(self) -> None:
        """Once: whether the newest full snapshot and the logs lead to what this writer has written."""
        newest, self._unverified = self._unverified, None
        if newest is None:
            return
        reached = Chain(self._bucket, self.generation).end(newest.revision)
        if reached.revision < self.end:
            self.heals += 1
            log.warning(f"backup: {reached.stopped}: a full snapshot is taken")
            holes.note(self._bucket, self.generation, reached.revision + 1, self.end, why=reached.stopped)
            self._contiguous_from = self.end + 1
            self.fulls.hurry()

    def _follow(self, end: int) -> None:
        """Read all changes behind a revision from now on."""
        if self._follower is not None:
            self._follower.stop()
        self._follower = Follower(
            self._make_gateway,
            after=end,
            wall_time=self._wall_time,
            on_trouble=lambda trouble: log.warning(f"backup: {trouble}; the watch is opened again"),
        )
        cluster_id = self._gateway.status().cluster_id
        if self._logs is None:
            self._logs = LogWriter(
                self._bucket,
                generation=self.generation,
                cluster_id=cluster_id,
                writer=self._slot,
                end=end,
                gateway=self._make_gateway(),
                wall_time=self._wall_time,
            )
        self._logs.end = end
        self._follower.start()

    def _begin_again(self, why: str, *, end: int) -> None:
        """Begin a new run of logs, and take a full snapshot that it continues."""
        self.heals += 1
        begin = full.mark(self._gateway, self._wall_time())
        write = log.warning if end else log.info
        write(f"backup: {why}: the chain begins at revision {begin} with a full snapshot")
        if end:
            holes.note(self._bucket, self.generation, end + 1, begin, why=why)
        self._contiguous_from = begin + 1
        self._follow(begin)
        self.fulls.hurry()

    def _diverged(self, why: str) -> None:
        """Leave a chain that is of another history: begin a generation of this cluster's own."""
        log.error(f"backup: {why}: etcd's data were turned back or replaced, so a new generation begins")
        now = datetime.fromtimestamp(self._wall_time(), UTC)
        newest = generation.newest(self._bucket)
        begun = generation.begin(
            self._bucket, self._gateway.status().cluster_id, after=newest.number, now=now
        )
        self.generation = begun.number
        self.close()
        self._begin_again(f"generation {begun.number} has nothing yet", end=0)

    def _look(self, follower: Follower) -> None:
        """Compare with etcd's revision, and open a watch again that has stopped without a sign."""
        begun = time.monotonic()
        if begun - self._looked < _LOOK_SECONDS:
            return
        self._looked = begun
        seen = request.look(self._gateway)
        self.coverage.add_look(begun, seen.revision)
        self.fulls.request(seen.wanted)
        if follower.position >= seen.revision:
            self._caught_up = begun
        elif begun - self._caught_up > _STALLED_SECONDS and follower.oldest() is None:
            log.warning(
                f"backup: the watch stays at revision {follower.position}, and etcd is at {seen.revision}"
            )
            self._caught_up = begun
            self._follow(self.end)

    def _take_full(self) -> full.FullBackup:
        return full.take(
            self._bucket,
            generation=self.generation,
            gateway=self._make_gateway(),
            tools=self._tools,
            work_folder=self._work_folder,
            now=self._wall_time(),
            at_least=self._contiguous_from - 1,
        )
