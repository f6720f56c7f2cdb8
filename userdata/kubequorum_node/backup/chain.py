"""Reading a generation's chain: full snapshots, log objects, and how far they reach without a hole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kubequorum_node.backup import log_object, names
from kubequorum_node.backup.bucket import Bucket
from kubequorum_node.backup.errors import DamagedError
from kubequorum_node.backup.log_object import LogObject


@dataclass(frozen=True, kw_only=True)
class Full:
    """A full snapshot, as the listing has it."""

    key: str
    revision: int
    size: int
    written: datetime


@dataclass(frozen=True, kw_only=True)
class Log:
    """A log object, as the listing has it."""

    key: str
    first: int
    size: int
    written: datetime


@dataclass(frozen=True, kw_only=True)
class End:
    """Where reading the logs stopped."""

    revision: int
    """The newest one that can be had."""
    seen: float | None
    """When a writer received it, in seconds since 1970; None if no log object was read."""
    stopped: str = ""
    """Why what follows cannot be used; empty if nothing follows."""


class Chain:
    """The chain of one generation."""

    def __init__(self, bucket: Bucket, generation: int) -> None:
        self._bucket = bucket
        self.generation = generation

    def fulls(self) -> list[Full]:
        """All full snapshots, oldest first."""
        return [
            Full(key=entry.key, revision=name.revision, size=entry.size_bytes, written=entry.written)
            for entry in self._bucket.entries(f"{names.prefix(self.generation)}full-")
            if (name := names.parse(entry.key))
        ]

    def logs(self, *, after: int = 0) -> list[Log]:
        """The log objects from the one that may have the revision behind `after`, oldest first."""
        begin, distance = after + 1, 1000
        while True:
            found = list(self._logs(begin))
            covering = [log for log in found if log.first <= after + 1]
            if covering or begin <= 1:
                return [*covering[-1:], *found[len(covering) :]]
            # The revision may stand in the middle of an object, and how far away that begins is not known.
            begin, distance = max(1, after + 1 - distance), distance * 100

    def holes(self) -> list[int]:
        """The first missing revision of each hole that a writer has noted."""
        entries = self._bucket.entries(f"{names.prefix(self.generation)}hole-")
        return [name.revision for entry in entries if (name := names.parse(entry.key))]

    def read(self, log: Log) -> LogObject:
        """Read and verify a log object.

        Raises:
            DamagedError: it is not what it should be, or it is gone.

        """
        body = self._bucket.read(log.key)
        if body is None:
            raise DamagedError(f"{log.key} is gone")
        try:
            return log_object.decode(body, first=log.first)
        except DamagedError as error:
            raise DamagedError(f"{log.key}: {error}") from error

    def follow(self, revision: int) -> Iterator[LogObject | End]:
        """The log objects that continue a revision without a hole, and at last where they end.

        Two writers may have overlapped: an object may begin with revisions that came before.
        """
        end, seen = revision, None
        for log in self.logs(after=revision):
            if log.first > end + 1:
                yield End(
                    revision=end, seen=seen, stopped=f"revisions {end + 1} to {log.first - 1} are missing"
                )
                return
            try:
                found = self.read(log)
            except DamagedError as error:
                yield End(revision=end, seen=seen, stopped=str(error))
                return
            if found.last > end:
                end, seen = found.last, found.revisions[-1].seen
                yield found
        yield End(revision=end, seen=seen)

    def end(self, revision: int) -> End:
        """How far the logs continue a revision."""
        last = End(revision=revision, seen=None)
        for each in self.follow(revision):
            if isinstance(each, End):
                last = each
        return last

    def newest_end(self, full: Full) -> End:
        """Where a writer continues: behind the newest log object, or behind a full snapshot without logs.

        Nothing before that object is read. If it cannot be read, when it was written counts as `seen`.
        """
        logs = self.logs(after=full.revision)
        if not logs:
            return End(revision=full.revision, seen=full.written.timestamp())
        try:
            found = self.read(logs[-1])
        except DamagedError as error:
            return End(revision=logs[-1].first - 1, seen=logs[-1].written.timestamp(), stopped=str(error))
        return End(revision=found.last, seen=found.revisions[-1].seen)

    def _logs(self, begin: int) -> Iterator[Log]:
        """Those that begin with a revision or a later one."""
        prefix = f"{names.prefix(self.generation)}log-"
        for entry in self._bucket.entries(prefix, after=names.log(self.generation, begin - 1)):
            if name := names.parse(entry.key):
                yield Log(key=entry.key, first=name.revision, size=entry.size_bytes, written=entry.written)
