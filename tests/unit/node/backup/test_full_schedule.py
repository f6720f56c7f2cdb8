"""When a full snapshot is taken: by time, on request, and not again at once."""

import threading
from collections.abc import Callable

import pytest

from kubequorum_node.backup import full_schedule
from kubequorum_node.backup.full import FullBackup
from kubequorum_node.backup.full_schedule import FullSchedule
from kubequorum_node.backup.tools import SnapshotStatus


def _taken(revision: int) -> FullBackup:
    status = SnapshotStatus(revision=revision, hash=1, keys=1, bytes=4096)
    return FullBackup(key=f"full-{revision}", status=status, existed=False)


class Clock:
    """The clock that never goes back, moved by a test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """See `time.monotonic`."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The one that the schedule has."""
    made = Clock()
    monkeypatch.setattr(full_schedule, "time", made)
    return made


def _run(schedule: FullSchedule) -> None:
    schedule.run_if_due()
    schedule.wait(10)


def _schedule(revisions: list[int], take: Callable[[], FullBackup] | None = None) -> FullSchedule:
    made = FullSchedule(take or (lambda: _taken(revisions.pop(0))), seconds=300)
    made.begin(age_seconds=0, revision=10, size_bytes=4096)
    return made


def test_one_is_taken_when_it_is_time(clock: Clock) -> None:
    """Not before; its age is that of the newest one."""
    schedule = _schedule([20])
    clock.now += 299
    _run(schedule)
    assert schedule.taken == 0
    clock.now += 1
    _run(schedule)
    assert schedule.taken == 1
    assert schedule.newest is not None
    assert (schedule.newest.revision, schedule.newest.written) == (20, clock.now)


def test_a_request_is_met_once(clock: Clock) -> None:
    """By the first snapshot with its revision or a later one; it stays in etcd, and counts no more."""
    schedule = _schedule([15, 30])
    for _ in range(3):
        schedule.request(15)
        _run(schedule)
        clock.now += 60
    assert schedule.taken == 1
    schedule.request(30)
    _run(schedule)
    assert schedule.taken == 2


def test_what_is_in_the_bucket_meets_a_request(clock: Clock) -> None:
    """A writer that begins takes none for a request that the writer before it has met."""
    schedule = _schedule([])
    schedule.request(10)
    _run(schedule)
    schedule.request(0)
    _run(schedule)
    assert schedule.taken == 0


def test_a_request_during_a_snapshot_is_met_by_the_next_one(clock: Clock) -> None:
    """The one that is being taken may be older than the request, and is never trusted to have it."""
    running, release, revisions = threading.Event(), threading.Event(), [15, 40]

    def take() -> FullBackup:
        running.set()
        assert release.wait(10)
        return _taken(revisions.pop(0))

    schedule = _schedule([], take)
    schedule.request(15)
    schedule.run_if_due()
    assert running.wait(10)
    schedule.request(40)
    schedule.run_if_due()
    release.set()
    schedule.wait(10)
    assert revisions == [40]
    clock.now += 60
    _run(schedule)
    assert revisions == []


def test_requests_cannot_keep_a_master_busy(clock: Clock) -> None:
    """Those that come at once get one snapshot together."""
    schedule = _schedule([15, 16, 17])
    schedule.request(15)
    _run(schedule)
    for revision in (16, 17):
        schedule.request(revision)
        _run(schedule)
    assert schedule.taken == 1
    clock.now += 10
    _run(schedule)
    assert schedule.taken == 2


def test_a_snapshot_that_failed_is_retried_after_a_while(clock: Clock) -> None:
    """A request does not make it hurry: what failed would fail again."""

    def take() -> FullBackup:
        attempts.append(clock.now)
        raise RuntimeError("no room")

    attempts: list[float] = []
    schedule = _schedule([], take)
    schedule.request(15)
    for _ in range(41):
        _run(schedule)
        clock.now += 1
    assert attempts == [1000.0, 1020.0, 1040.0]
