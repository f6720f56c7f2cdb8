"""What a restore begins with and leads to, by objects that the node program's own code has made."""

from datetime import timedelta

import pytest

from kubequorum_cli.backups import BackupBucket, Point
from kubequorum_cli.errors import CommandError
from kubequorum_cli.restore import plan, text
from kubequorum_cli.restore.moment import Moment
from kubequorum_cli.restore.plan import BUMP_REVISION, Plan
from kubequorum_cli.restore.request import Request
from kubequorum_node.backup import names
from tests.kubequorum_cli.backups.bucket_stub import BEGIN, ObjectsInMemory, target_with


def _after(minutes: float) -> Moment:
    return BEGIN + timedelta(minutes=minutes)


@pytest.fixture
def s3() -> ObjectsInMemory:
    """Two generations: full snapshots of 10 and 40, logs up to 60; one of 1010, logs up to 1030."""
    found = ObjectsInMemory()
    found.generation(1)
    found.full(1, 10, minutes=1)
    found.log(1, 11, 30, minutes=3)
    found.log(1, 31, 45, minutes=5)
    found.full(1, 40, minutes=6)
    found.log(1, 46, 60, minutes=8)
    found.generation(2)
    found.full(2, 1010, minutes=20)
    found.log(2, 1011, 1030, minutes=22)
    return found


def _plan(s3: ObjectsInMemory, moment: Moment, *requests: Request) -> Plan:
    return plan.make(BackupBucket(target_with(s3)), moment, requests)


def _request(revision: int, bump_revision: int) -> Request:
    return Request(
        number=1,
        generation=1,
        revision=revision,
        or_newer=True,
        bump_revision=bump_revision,
        to="latest",
        requested="",
    )


def test_the_latest(s3: ObjectsInMemory) -> None:
    """Of the newest generation, and a newer one if there is by then."""
    found = _plan(s3, None)
    assert (found.point, found.full.point, len(found.logs)) == (Point(2, 1030), Point(2, 1010), 1)
    assert (found.seen, found.latest, found.stopped) == (_after(22), True, "")


@pytest.mark.parametrize(
    ("minutes", "point", "full"),
    [
        (1, Point(1, 10), Point(1, 10)),
        (3, Point(1, 30), Point(1, 10)),
        # A revision a second, up to the log object's end.
        (3 - 10 / 60, Point(1, 20), Point(1, 10)),
        (5.5, Point(1, 45), Point(1, 10)),
        (7.9, Point(1, 54), Point(1, 40)),
        (19, Point(1, 60), Point(1, 40)),
        (20, Point(2, 1010), Point(2, 1010)),
        (21.9, Point(2, 1024), Point(2, 1010)),
        (59, Point(2, 1030), Point(2, 1010)),
    ],
)
def test_a_time(s3: ObjectsInMemory, minutes: float, point: Point, full: Point) -> None:
    """The newest revision that a writer had received by then, of the generation that there was."""
    found = _plan(s3, _after(minutes))
    assert (found.point, found.full.point, found.latest) == (point, full, False)
    assert found.seen <= _after(minutes)  # type: ignore[operator]


@pytest.mark.parametrize("revision", [10, 11, 30, 31, 40, 44, 60])
def test_a_point(s3: ObjectsInMemory, revision: int) -> None:
    """Exactly that one, from the newest full snapshot before it."""
    found = _plan(s3, Point(1, revision))
    assert found.point == Point(1, revision)
    assert found.full.point == Point(1, 40 if revision >= 40 else 10)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        (Point(1, 9), "no full snapshot is as old as 1/9"),
        (Point(1, 61), "do not lead to 1/61"),
        (Point(3, 10), "there is no generation 3"),
    ],
)
def test_a_point_that_is_not_there(s3: ObjectsInMemory, point: Point, message: str) -> None:
    """The nearest one is named where there is one."""
    with pytest.raises(CommandError, match=message) as caught:
        _plan(s3, point)
    assert "kubequorum backups" in caught.value.remedy
    if point.revision == 61:
        assert "--to 1/60 is the nearest" in caught.value.remedy


def test_a_time_before_all(s3: ObjectsInMemory) -> None:
    """The oldest moment is named."""
    with pytest.raises(CommandError, match="do not reach back") as caught:
        _plan(s3, _after(0.5))
    assert "2027-01-15 12:01:00 UTC" in caught.value.why


def test_damage_ends_a_chain_and_is_said(s3: ObjectsInMemory) -> None:
    """The last good revision is what the latest is; what cannot be had is named."""
    key = names.log(2, 1011)
    body, written = s3.objects[key]
    s3.objects[key] = (body[:-9], written)
    found = _plan(s3, None)
    assert (found.point, found.logs) == (Point(2, 1010), ())
    assert key in found.stopped
    shown = "\n".join(text.plan_lines(found, number=1, now=BEGIN + timedelta(hours=1)))
    assert f"DAMAGED    nothing newer can be had: {key}" in shown


def test_a_hole_ends_a_chain(s3: ObjectsInMemory) -> None:
    """A time behind it means the moment before it."""
    del s3.objects[names.log(1, 31)]
    found = _plan(s3, _after(5.5))
    assert (found.point, found.stopped) == (Point(1, 30), "revisions 31 to 45 are missing")
    with pytest.raises(CommandError, match="do not lead to 1/35") as caught:
        _plan(s3, Point(1, 35))
    assert "revisions 31 to 45 are missing" in caught.value.why


def test_a_generation_without_a_full_snapshot_is_passed_over_and_said(s3: ObjectsInMemory) -> None:
    """A cluster that was restored a moment ago and is lost before its first backup."""
    s3.generation(3)
    assert _plan(s3, None).point == Point(2, 1030)


def test_an_older_generation_is_said(s3: ObjectsInMemory) -> None:
    """All that was written since is turned back."""
    found = _plan(s3, _after(10))
    shown = "\n".join(text.plan_lines(found, number=2, now=BEGIN + timedelta(hours=1)))
    assert "generation 2 is the newest: all of it is turned back" in shown
    assert "in the last 52 minutes" in shown


def test_without_backups() -> None:
    """An error, not a plan."""
    with pytest.raises(CommandError, match="there is no backup"):
        _plan(ObjectsInMemory(), None)


@pytest.mark.parametrize("moment", [None, _after(3), Point(1, 10)], ids=["latest", "time", "point"])
@pytest.mark.parametrize("requests", [(), (_request(60, 950),), (_request(60, 5000), _request(60, 3000))])
def test_revisions_only_grow(s3: ObjectsInMemory, moment: Moment, requests: tuple[Request, ...]) -> None:
    """Above all generations' and above where every earlier restore began, whatever is restored."""
    found = _plan(s3, moment, *requests)
    begins = found.point.revision + found.bump_revision
    # The newest log object is known by its first revision: the distance is far more than one can have.
    known = [1011, *(request.revision + request.bump_revision for request in requests)]
    assert begins >= max(known) + BUMP_REVISION
