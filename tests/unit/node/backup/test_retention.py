"""What is kept and what is deleted."""

from datetime import UTC, datetime, timedelta

from kubequorum_node.backup import generation, names, retention
from tests.unit.node.backup.memory_bucket import MemoryBucket

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def filled(*, days: int, number: int = 1, until: datetime = NOW) -> MemoryBucket:
    """A bucket with a full snapshot every two hours, and a log every half hour."""
    bucket = MemoryBucket(lambda: until)
    generation.begin(bucket, "abc", after=number - 1, now=until)
    add(bucket, days=days, number=number, until=until)
    return bucket


def add(bucket: MemoryBucket, *, days: int, number: int, until: datetime) -> None:
    """Fill a generation."""
    begin = until - timedelta(days=days)
    for half_hour in range(days * 48 + 1):
        when, revision = begin + timedelta(minutes=30 * half_hour), 100 * half_hour + 1
        put(bucket, names.log(number, revision + 1), when)
        if half_hour % 4 == 0:
            put(bucket, names.full(number, revision), when)


def put(bucket: MemoryBucket, key: str, when: datetime) -> None:
    """Write an object at some time."""
    bucket.objects[key], bucket.written[key] = b"", when


def prune(bucket: MemoryBucket, *, now: datetime = NOW) -> int:
    """Delete what is older than a day, and all but daily snapshots of a month."""
    return retention.prune(bucket, now=now, all_hours=24, daily_days=30)


def ages(bucket: MemoryBucket, kind: str, *, now: datetime = NOW) -> list[float]:
    """Days, newest first."""
    return sorted((now - bucket.written[key]) / timedelta(days=1) for key in bucket.keys(kind))


def test_everything_of_a_day_and_daily_for_a_month() -> None:
    """Snapshots and logs of a day; before that the first snapshot of each day."""
    bucket = filled(days=40)
    before = len(bucket.objects)
    deleted = prune(bucket)
    assert len(bucket.objects) == before - deleted
    fulls = ages(bucket, "full")
    assert len([age for age in fulls if age <= 1]) == 13
    assert len([age for age in fulls if 1 < age <= 30]) == 29
    assert max(fulls) <= 30
    daily = [key for key in bucket.keys("full") if NOW - bucket.written[key] > timedelta(days=1)]
    assert {bucket.written[key].hour for key in daily} == {0}


def test_logs_stay_as_long_as_a_snapshot_needs_them() -> None:
    """The oldest snapshot of the last day and the log that covers what follows it."""
    bucket = filled(days=3)
    prune(bucket)
    day = NOW - timedelta(days=1)
    oldest = min(_revision(key) for key in bucket.keys("full") if bucket.written[key] >= day)
    first = min(_revision(key) for key in bucket.keys("log"))
    assert first == oldest + 1
    assert len(bucket.keys("log")) == 49


def test_a_cluster_that_is_off_keeps_its_newest_backup() -> None:
    """However old: the newest snapshot of a generation, and the logs behind it."""
    bucket = filled(days=2)
    later = NOW + timedelta(days=400)
    newest = bucket.keys("full")[-1]
    prune(bucket, now=later)
    assert bucket.keys("full") == [newest]
    assert bucket.keys("log") == [names.log(1, int(newest[-20:]) + 1)]


def test_generations_are_pruned_each_for_itself() -> None:
    """One before a restore is not newer because another writes."""
    bucket = filled(days=2)
    generation.begin(bucket, "def", after=1, now=NOW)
    add(bucket, days=1, number=2, until=NOW + timedelta(days=50))
    prune(bucket, now=NOW + timedelta(days=50))
    assert [key for key in bucket.keys("full") if key.startswith(names.prefix(1))] == [names.full(1, 9601)]
    assert len([key for key in bucket.keys("full") if key.startswith(names.prefix(2))]) == 13


def test_pruning_again_deletes_nothing() -> None:
    """It is not a random choice."""
    bucket = filled(days=10)
    assert prune(bucket) > 0
    assert prune(bucket) == 0


def _revision(key: str) -> int:
    name = names.parse(key)
    assert name is not None
    return name.revision
