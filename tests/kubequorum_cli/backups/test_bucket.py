"""What an operator is told of the bucket is what masters wrote: the node program's code makes the objects."""

import gzip
from datetime import timedelta

import pytest

from kubequorum_cli.backups import BackupBucket, DamagedLogError, Point
from kubequorum_cli.errors import CommandError
from kubequorum_node.backup import names
from tests.kubequorum_cli.backups.bucket_stub import BEGIN, ObjectsInMemory, target_with


@pytest.fixture
def s3() -> ObjectsInMemory:
    """Two full snapshots of one generation with logs before, between and behind them."""
    made = ObjectsInMemory()
    made.generation(1)
    made.full(1, 10, minutes=0)
    made.log(1, 11, 25, minutes=1)
    made.log(1, 26, 30, minutes=2)
    made.full(1, 28, minutes=5)
    made.log(1, 31, 40, minutes=6)
    return made


def bucket(s3: ObjectsInMemory) -> BackupBucket:
    """Its reader."""
    return BackupBucket(target_with(s3))


def test_listings_have_points_and_times(s3: ObjectsInMemory) -> None:
    """Of all pages, and of one generation only."""
    s3.generation(2)
    s3.full(2, 7, minutes=9)
    assert [each.number for each in bucket(s3).generations()] == [1, 2]
    assert [str(full.point) for full in bucket(s3).fulls(1)] == ["1/10", "1/28"]
    assert bucket(s3).fulls(2)[0].written == BEGIN + timedelta(minutes=9)
    first = bucket(s3).first_log(1)
    assert first is not None
    assert first.first == Point(1, 11)
    assert bucket(s3).first_log(2) is None


def test_the_logs_behind_a_snapshot_begin_with_the_one_that_has_its_next_revision(
    s3: ObjectsInMemory,
) -> None:
    """Revision 29 is in the middle of the object that begins with 26."""
    assert [log.first.revision for log in bucket(s3).logs(1, after=28)] == [26, 31]
    assert [log.first.revision for log in bucket(s3).logs(1)] == [11, 26, 31]


def test_a_chain_is_followed_to_its_end(s3: ObjectsInMemory) -> None:
    """With the time at which the newest revision was received."""
    newest = bucket(s3).fulls(1)[-1]
    chain = bucket(s3).chain(newest)
    assert (chain.end, chain.seen, chain.stopped) == (Point(1, 40), BEGIN + timedelta(minutes=6), "")


def test_logs_of_two_writers_may_overlap(s3: ObjectsInMemory) -> None:
    """One that ends before the other one counts nothing."""
    s3.log(1, 33, 38, minutes=6)
    s3.log(1, 41, 45, minutes=7)
    assert bucket(s3).chain(bucket(s3).fulls(1)[-1]).end == Point(1, 45)


def test_a_chain_ends_before_a_hole(s3: ObjectsInMemory) -> None:
    """What is behind it cannot be restored to, and that is said."""
    s3.log(1, 43, 50, minutes=7)
    chain = bucket(s3).chain(bucket(s3).fulls(1)[-1])
    assert (chain.end, chain.stopped) == (Point(1, 40), "revisions 41 to 42 are missing")


@pytest.mark.parametrize("damage", ["flip", "cut", "other", "changed"])
def test_a_chain_ends_before_a_damaged_object(s3: ObjectsInMemory, damage: str) -> None:
    """A flipped byte, half an object, another one's content, a change made on purpose: none is promised."""
    key = names.log(1, 31)
    body, written = s3.objects[key]
    flipped = bytearray(body)
    flipped[len(body) // 2] ^= 0xFF
    other = s3.objects[names.log(1, 26)][0]
    changed = gzip.compress(gzip.decompress(body).replace(b"dg==", b"ZA==", 1))
    bodies = {"flip": bytes(flipped), "cut": body[: len(body) // 2], "other": other, "changed": changed}
    s3.objects[key] = (bodies[damage], written)
    chain = bucket(s3).chain(bucket(s3).fulls(1)[-1])
    assert chain.end == Point(1, 30)
    assert chain.stopped.startswith(f"{key}: ")


def test_a_log_that_is_gone_is_damage(s3: ObjectsInMemory) -> None:
    """It was pruned, or deleted, after it was listed."""
    log = bucket(s3).logs(1)[0]
    del s3.objects[log.key]
    with pytest.raises(DamagedLogError, match="is gone"):
        bucket(s3).read_log(log)


def test_ids_of_points() -> None:
    """Written and read; what is none is told apart from it."""
    assert Point.parse(str(Point(3, 4711))) == Point(3, 4711)
    for text in ("latest", "3", "3/", "3/x", "2027-01-15", "3/4/5"):
        assert Point.parse(text) is None


def test_an_unreadable_record_is_named(s3: ObjectsInMemory) -> None:
    """With its key, and no traceback."""
    s3.put(names.generation_key(2), b"{", minutes=1)
    with pytest.raises(CommandError, match="s3://state/backups/generations/000002 cannot be read"):
        bucket(s3).generations()
    s3.put(f"{names.DRILLS}2027-01-15T120000Z-a.json", b'{"passed": true}', minutes=1)
    with pytest.raises(CommandError, match="drills"):
        bucket(s3).newest_drill()
