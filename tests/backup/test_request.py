"""A full snapshot that is asked for, and what a writer says of itself, with a real etcd."""

import time

import pytest

from kubequorum_node.backup import request
from kubequorum_node.backup.chain import Chain
from tests.backup.chains import begin, write
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Member, wait_until
from tests.unit.node.backup.memory_bucket import BucketFailedError, MemoryBucket

ANY_VALUE = b"k8s\x00 not read"


def _newest_full(bucket: MemoryBucket) -> int:
    return Chain(bucket, 1).fulls()[-1].revision


def test_nobody_has_asked(member: Member) -> None:
    """The revision is etcd's all the same."""
    revision = member.gateway().put(b"/registry/key", b"value")
    assert request.look(member.gateway()) == request.Look(revision=revision, wanted=0)


def test_a_snapshot_that_is_asked_for_has_everything_before_the_request(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """The writer sees the request in etcd itself; the snapshot is named after a revision behind it."""
    writer = begin(member, make_writer)
    write(member, 3)
    asked = member.gateway().put(request.KEY, ANY_VALUE)
    writer.fulls._not_before = 0.0

    def is_met() -> bool:
        writer.step(wait_seconds=0.05)
        # It is in the bucket before the writer's next step counts it.
        return _newest_full(bucket) >= asked and writer.fulls.taken > 1

    wait_until(is_met)
    assert writer.fulls.taken == 2


def test_a_request_that_no_writer_saw_is_met_by_the_next_one(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """It stays in etcd, and is compared with what is in the bucket."""
    begin(member, make_writer).close()
    asked = member.gateway().put(request.KEY, ANY_VALUE)
    assert _newest_full(bucket) < asked
    writer = make_writer(member)

    def is_met() -> bool:
        writer.step(wait_seconds=0.05)
        return _newest_full(bucket) >= asked

    wait_until(is_met)
    writer.close()
    # And not by every one that comes after it.
    later = make_writer(member)
    for _ in range(40):
        later.step(wait_seconds=0.05)
    later.fulls.wait(30)
    assert later.fulls.taken == 0


def test_a_writer_that_never_writes_does_not_look_like_a_new_one(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """Masters that take turns and are all refused: what they report is the age of what was written last."""
    begin(member, make_writer).close()
    time.sleep(1.5)
    write(member, 1)

    def refuse(key: str) -> None:
        raise BucketFailedError(key)

    bucket.before_create = refuse
    for _ in range(3):
        writer = make_writer(member)
        with pytest.raises(BucketFailedError):
            wait_until(lambda writer=writer: writer.step(wait_seconds=0.05) is not None)  # type: ignore[misc]
        assert writer.coverage.lag_seconds(time.monotonic()) >= 1.0
        writer.close()
