"""What a restore would do: from which full snapshot and logs, up to which moment, and what it costs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from kubequorum_cli.backups import BackupBucket, DamagedLogError, Full, Log, LogContent, Point
from kubequorum_cli.backups import Moment as Seen
from kubequorum_cli.errors import CommandError
from kubequorum_cli.restore.moment import Moment
from kubequorum_cli.restore.request import Request

BUMP_REVISION = 1_000_000_000
"""How far the new revisions are above all that is known: more than 10,000 changes a second in a day."""
_PARALLEL = 8
_LIST_BACKUPS = "see what there is: ./kubequorum backups"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A restore, before it is requested."""

    full: Full
    """The full snapshot that it begins with."""
    logs: tuple[Log, ...]
    """The log objects that continue it."""
    point: Point
    """What it leads to."""
    seen: datetime
    """When a writer received that revision; of a full snapshot alone: when it was written."""
    stopped: str
    """Why nothing newer can be had although there is something; empty if nothing is damaged or missing."""
    latest: bool
    """Whether a newer revision is taken if the chain has it by then."""
    newest: Point
    """The newest point that the backups name at all."""
    bump_revision: int


def make(
    bucket: BackupBucket, moment: Moment, requests: Sequence[Request], *, own: BackupBucket | None = None
) -> Plan:
    """Plan a restore; the logs that it needs are read and verified.

    Args:
        bucket: of the backups.
        moment: what to restore to.
        requests: all earlier ones of the cluster that is restored.
        own: the backups of the cluster that is restored, if `bucket` has another cluster's.

    Raises:
        CommandError: there is no such moment in the backups.
    """
    generations = _generations(bucket)
    newest = _newest_points(bucket, generations)
    if not newest:
        raise CommandError(
            f"there is no backup in s3://{bucket.name}/backups/", remedy="see docs/operations/quorum-loss.md"
        )
    if isinstance(moment, Point):
        if moment.generation not in generations:
            raise CommandError(f"there is no generation {moment.generation} of backups", remedy=_LIST_BACKUPS)
        full, limit = _begin(bucket, moment), _until_revision(moment.revision)
    elif moment is None:
        full, limit = _latest_full(bucket, generations), _no_limit
    else:
        full, limit = _full_before(bucket, generations, moment), _until_time(moment)
    logs, last, stopped = _follow(bucket, full, limit)
    point = Point(full.point.generation, last.revision)
    if isinstance(moment, Point) and point != moment:
        raise CommandError(
            f"the backups do not lead to {moment}",
            why=stopped or f"the newest revision behind {full.point} is {last.revision}",
            remedy=f"--to {point} is the nearest before it; {_LIST_BACKUPS}",
        )
    own_points = _newest_points(own, _generations(own)).values() if own else ()
    return Plan(
        full=full,
        logs=tuple(logs),
        point=point,
        seen=last.seen,
        stopped=stopped,
        latest=moment is None,
        newest=newest[max(newest)],
        bump_revision=_bump(point, [*newest.values(), *own_points], requests),
    )


def _bump(point: Point, newest: Iterable[Point], requests: Sequence[Request]) -> int:
    """Above every revision that any client may have seen, whatever is restored how often.

    A cluster that was restored a moment ago may have no backups yet: its request says where it began.
    """
    known = [top.revision for top in newest]
    begun = [request.revision + request.bump_revision for request in requests]
    return max(0, max([*known, *begun]) - point.revision) + BUMP_REVISION


def _generations(bucket: BackupBucket) -> list[int]:
    return [generation.number for generation in bucket.generations()]


def _newest_points(bucket: BackupBucket, generations: Iterable[int]) -> dict[int, Point]:
    """The newest point of each generation that has one."""
    return {number: top for number in generations if (top := _newest(bucket, number)) is not None}


def _newest(bucket: BackupBucket, generation: int) -> Point | None:
    fulls = bucket.fulls(generation)
    if not fulls:
        return None
    logs = bucket.logs(generation, after=fulls[-1].point.revision)
    return max([fulls[-1].point, *(log.first for log in logs)])


def _latest_full(bucket: BackupBucket, generations: Sequence[int]) -> Full:
    for number in reversed(generations):
        if fulls := bucket.fulls(number):
            return fulls[-1]
    raise CommandError("no generation of backups has a full snapshot", remedy=_LIST_BACKUPS)


def _begin(bucket: BackupBucket, point: Point) -> Full:
    fulls = [full for full in bucket.fulls(point.generation) if full.point.revision <= point.revision]
    if not fulls:
        raise CommandError(f"no full snapshot is as old as {point}", remedy=_LIST_BACKUPS)
    return fulls[-1]


def _full_before(bucket: BackupBucket, generations: Sequence[int], time: datetime) -> Full:
    """The newest full snapshot that was complete by then, of any generation."""
    oldest: Full | None = None
    for number in reversed(generations):
        fulls = bucket.fulls(number)
        if before := [full for full in fulls if full.written <= time]:
            return before[-1]
        oldest = fulls[0] if fulls else oldest
    raise CommandError(
        f"the backups do not reach back to {time:%Y-%m-%d %H:%M:%S UTC}",
        why=f"the oldest full snapshot is of {oldest.written:%Y-%m-%d %H:%M:%S UTC}" if oldest else "",
        remedy=_LIST_BACKUPS,
    )


_Limit = Callable[[Seen], bool]
"""Whether a revision is still wanted."""


def _no_limit(_: Seen) -> bool:
    return True


def _until_revision(revision: int) -> _Limit:
    return lambda moment: moment.revision <= revision


def _until_time(time: datetime) -> _Limit:
    return lambda moment: moment.seen <= time


def _follow(bucket: BackupBucket, full: Full, wanted: _Limit) -> tuple[list[Log], Seen, str]:
    """The log objects that continue a full snapshot, the last revision wanted, and what stopped it."""
    last, used = Seen(full.point.revision, full.written), list[Log]()
    logs = bucket.logs(full.point.generation, after=last.revision)
    for log, content in _contents(bucket, logs):
        if isinstance(content, DamagedLogError):
            return used, last, str(content)
        if log.first.revision > last.revision + 1:
            return used, last, f"revisions {last.revision + 1} to {log.first.revision - 1} are missing"
        fresh = [moment for moment in content.moments if moment.revision > last.revision]
        good = [moment for moment in fresh if wanted(moment)]
        if good:
            last = good[-1]
            used.append(log)
        if len(good) < len(fresh):
            break
    return used, last, ""


def _contents(
    bucket: BackupBucket, logs: Sequence[Log]
) -> Iterator[tuple[Log, LogContent | DamagedLogError]]:
    """Log objects with what is in them, some read ahead."""
    left = iter(logs)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        while batch := list(islice(left, _PARALLEL)):
            yield from zip(batch, pool.map(lambda log: _read(bucket, log), batch), strict=True)


def _read(bucket: BackupBucket, log: Log) -> LogContent | DamagedLogError:
    try:
        return bucket.read_log(log)
    except DamagedLogError as error:
        return error
