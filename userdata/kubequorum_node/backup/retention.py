"""What is kept: everything of some hours, and the first full snapshot of each day for some days."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from kubequorum_node.aws.state_store import Entry
from kubequorum_node.backup import generation, names
from kubequorum_node.backup.bucket import Bucket

_AT_ONCE = 1000
"""Keys in one DeleteObjects request."""


def prune(bucket: Bucket, *, now: datetime, all_hours: float, daily_days: float) -> int:
    """Delete what is older; returns how many objects were deleted.

    The newest full snapshot of a generation and all that follows it always stay.

    Args:
        bucket: where the backups are.
        now: the time by the bucket's clock.
        all_hours: how long everything is kept.
        daily_days: how long a full snapshot of each day is kept.

    """
    keys = (
        key
        for found in generation.all_of(bucket)
        for key in _outdated(
            list(bucket.entries(names.prefix(found.number))),
            now=now,
            everything=timedelta(hours=all_hours),
            daily=timedelta(days=daily_days),
        )
    )
    deleted = 0
    while part := list(islice(keys, _AT_ONCE)):
        bucket.delete(part)
        deleted += len(part)
    old = [
        entry.key
        for entry in bucket.entries(names.DRILLS)
        if now - entry.written > timedelta(days=daily_days)
    ]
    if old:
        bucket.delete(old)
    return deleted + len(old)


def _outdated(
    entries: Iterable[Entry], *, now: datetime, everything: timedelta, daily: timedelta
) -> Iterator[str]:
    """Keys of one generation that are kept no longer."""
    named = [(entry, name) for entry in entries if (name := names.parse(entry.key))]
    fulls = [(entry, name) for entry, name in named if name.kind == "full"]
    if not fulls:
        return
    newest = max(name.revision for _, name in fulls)
    first_of_day: dict[date, int] = {}
    for entry, name in fulls:
        first_of_day.setdefault(entry.written.date(), name.revision)
    # Logs that continue a full snapshot that is kept because everything of its time is kept.
    kept = [name.revision for entry, name in fulls if now - entry.written <= everything]
    oldest = min([*kept, newest])
    logs = sorted(name.revision for _, name in named if name.kind == "log")
    covering = max((first for first in logs if first <= oldest + 1), default=0)
    for entry, name in named:
        age = now - entry.written
        if age <= everything:
            continue
        if name.kind == "full":
            is_daily = first_of_day[entry.written.date()] == name.revision
            if name.revision == newest or (is_daily and age <= daily):
                continue
        elif name.revision >= covering:
            continue
        yield entry.key
