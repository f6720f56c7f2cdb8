"""Reads backups in the state bucket, with few requests: a day of logs is 21,600 objects."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.backups import log_object
from kubequorum_cli.backups.log_object import DamagedLogError, LogContent
from kubequorum_cli.backups.model import Chain, Drill, Full, Generation, Hole, Log, Point
from kubequorum_cli.errors import CommandError
from kubequorum_cli.target import Target

_PREFIX = "backups/"
_GENERATIONS, _DRILLS = f"{_PREFIX}generations/", f"{_PREFIX}drills/"
_NAME = re.compile(rf"{_PREFIX}(\d{{6}})/(full|log|hole)-(\d{{20}})")
_NEAR = 1000
"""How many revisions before a wanted one a log object that has it is looked for at first."""
_ABSENT = frozenset({"NoSuchKey", "404"})
_PARALLEL = 8


class BackupBucket:
    """The backups of a cluster, as they are now. Errors of botocore are not handled."""

    def __init__(self, target: Target, *, name: str = "") -> None:
        """Find the bucket: the cluster's, or one by its name.

        Raises:
            CommandError: the cluster has no State stack.
        """
        self.name = name or target.state_bucket()
        self._s3 = target.client("s3")

    def generations(self) -> list[Generation]:
        """All generations, oldest first.

        Raises:
            CommandError: the record of one cannot be read.
        """
        return [self._generation(entry["Key"]) for entry in self._entries(_GENERATIONS)]

    def newest_generation(self) -> int | None:
        """The number of the newest generation; None if there is none."""
        keys = [entry["Key"] for entry in self._entries(_GENERATIONS)]
        return int(keys[-1].removeprefix(_GENERATIONS)) if keys else None

    def fulls(self, generation: int, *, since: int = 1) -> list[Full]:
        """The full snapshots of a generation with a revision or a later one, oldest first."""
        return [
            Full(key=entry["Key"], point=point, size_bytes=entry["Size"], written=entry["LastModified"])
            for entry, point in self._named(generation, "full", after=since - 1)
        ]

    def holes(self, generation: int) -> list[Hole]:
        """The holes that writers have noted, oldest first."""
        return [Hole(key=entry["Key"], first=point) for entry, point in self._named(generation, "hole")]

    def logs(self, generation: int, *, after: int = 0) -> list[Log]:
        """The log objects from the one that may have the revision behind `after`, oldest first."""
        begin, distance = after + 1, _NEAR
        while True:
            found = list(self._logs(generation, begin))
            covering = [log for log in found if log.first.revision <= after + 1]
            if covering or begin <= 1:
                return [*covering[-1:], *found[len(covering) :]]
            # The revision may be in the middle of an object, and how far away that begins is not known.
            begin, distance = max(1, after + 1 - distance), distance * 100

    def first_log(self, generation: int) -> Log | None:
        """The oldest log object of a generation; None if it has none."""
        return next(iter(islice(self._logs(generation, 1), 1)), None)

    def read_log(self, log: Log) -> LogContent:
        """Read and verify a log object.

        Raises:
            DamagedLogError: it is not what it should be, or it is gone.
        """
        body = self._read(log.key)
        if body is None:
            raise DamagedLogError(f"{log.key} is gone")
        try:
            return log_object.read(body, first=log.first.revision)
        except DamagedLogError as error:
            raise DamagedLogError(f"{log.key}: {error}") from error

    def chain(self, full: Full) -> Chain:
        """How far the logs continue a full snapshot; all of them are read.

        Two writers may have overlapped: an object may begin with revisions that came before.
        """
        generation, end, seen = full.point.generation, full.point.revision, full.written
        logs, stopped = self.logs(generation, after=end), ""
        with ThreadPoolExecutor(_PARALLEL) as pool:
            for log, content in zip(logs, pool.map(self._read_or_damage, logs), strict=True):
                if log.first.revision > end + 1:
                    stopped = f"revisions {end + 1} to {log.first.revision - 1} are missing"
                elif isinstance(content, DamagedLogError):
                    stopped = str(content)
                elif content.last.revision > end:
                    end, seen = content.last.revision, content.last.seen
                if stopped:
                    break
        return Chain(begin=full, end=Point(generation, end), seen=seen, stopped=stopped)

    def newest_drill(self) -> Drill | None:
        """The result of the last restore drill; None if there was none.

        Raises:
            CommandError: it cannot be read.
        """
        keys = [entry["Key"] for entry in self._entries(_DRILLS)]
        if not keys:
            return None
        document = self._document(keys[-1])
        try:
            return Drill(
                passed=bool(document["passed"]),
                at=datetime.fromisoformat(document["at"]).astimezone(UTC),
                by=str(document["by"]),
                point=Point(int(document["generation"]), int(document["revision"])),
                seconds=float(document["seconds"]),
                what=str(document["what"]),
            )
        except (LookupError, TypeError, ValueError) as error:
            raise self._unreadable(keys[-1], error) from error

    @cached_property
    def clock(self) -> datetime:
        """The bucket's time when it was first asked: ages by this computer's clock could be wrong."""
        answer = self._s3.list_objects_v2(Bucket=self.name, Prefix=_GENERATIONS, MaxKeys=1)
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            return datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        except ValueError:
            return datetime.now(UTC)

    def _read_or_damage(self, log: Log) -> LogContent | DamagedLogError:
        try:
            return self.read_log(log)
        except DamagedLogError as error:
            return error

    def _generation(self, key: str) -> Generation:
        document = self._document(key)
        try:
            return Generation(
                number=int(key.removeprefix(_GENERATIONS)),
                cluster_id=str(document["cluster_id"]),
                begun=datetime.fromisoformat(document["begun"]).astimezone(UTC),
            )
        except (LookupError, TypeError, ValueError) as error:
            raise self._unreadable(key, error) from error

    def _logs(self, generation: int, begin: int) -> Iterator[Log]:
        """Those that begin with a revision or a later one."""
        for entry, point in self._named(generation, "log", after=begin - 1):
            yield Log(key=entry["Key"], first=point, size_bytes=entry["Size"], written=entry["LastModified"])

    def _named(self, generation: int, kind: str, *, after: int = 0) -> Iterator[tuple[Any, Point]]:
        prefix = f"{_PREFIX}{generation:06d}/{kind}-"
        for entry in self._entries(prefix, after=f"{prefix}{after:020d}" if after else ""):
            if found := _NAME.fullmatch(entry["Key"]):
                yield entry, Point(int(found.group(1)), int(found.group(3)))

    def _entries(self, prefix: str, *, after: str = "") -> Iterator[Any]:
        pages = self._s3.get_paginator("list_objects_v2")
        begin = {"StartAfter": after} if after else {}
        for page in pages.paginate(Bucket=self.name, Prefix=prefix, **begin):
            yield from page.get("Contents", [])

    def _document(self, key: str) -> Any:
        try:
            return json.loads(self._read(key) or b"")
        except ValueError as error:
            raise self._unreadable(key, error) from error

    def _read(self, key: str) -> bytes | None:
        try:
            return bytes(self._s3.get_object(Bucket=self.name, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return None
            raise

    def _unreadable(self, key: str, error: Exception) -> CommandError:
        return CommandError(
            f"s3://{self.name}/{key} cannot be read",
            why=repr(error),
            remedy="see docs/operations/backups.md; the object's older versions are kept for 3 days",
        )
