"""Chains that a writer makes of a real etcd, through what can happen to it and to the bucket."""

import time

import pytest

from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.gateway import Gateway, encode
from kubequorum_node.backup.rebuild import rebuilt
from tests.backup.chains import all_keys, begin, caught_up, rebuilt_keys, write
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Member, wait_until
from tests.unit.node.backup.memory_bucket import BucketFailedError, MemoryBucket


def test_nothing_is_lost_while_the_bucket_fails(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """What could not be written stays, and is written in order later."""
    writer = begin(member, make_writer)
    bucket.failing = True
    write(member, 30)
    for _ in range(3):
        with pytest.raises(BucketFailedError):
            writer.step(wait_seconds=0.1)
    write(member, 30, value=b"later")
    bucket.failing = False
    wait_until(lambda: caught_up(writer, member))
    assert bucket.keys("hole") == []
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_a_bucket_that_fails_takes_no_more_memory_than_the_buffer(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Etcd keeps what does not fit: 20 MiB of changes, and a buffer of 12."""
    writer = begin(member, make_writer)
    bucket.failing = True
    write(member, 20, value=b"x" * (1 << 20))
    follower = writer._follower
    assert follower is not None
    wait_until(lambda: follower.buffered_bytes > 11 << 20)
    time.sleep(0.5)
    assert follower.buffered_bytes < 14 << 20
    bucket.failing = False
    wait_until(lambda: caught_up(writer, member), seconds=60)
    assert bucket.keys("hole") == []
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_an_answer_that_is_lost_is_no_other_writer(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """The repeated request finds the object there, and it is its own."""
    writer = begin(member, make_writer)
    write(member, 3)
    wait_until(lambda: caught_up(writer, member))
    bucket.loses_answers = 1
    write(member, 3)
    wait_until(lambda: caught_up(writer, member))
    assert bucket.loses_answers == 0
    chain = Chain(bucket, 1)
    assert chain.end(chain.fulls()[0].revision).revision == writer.end


def test_a_compaction_under_the_reader_is_healed_by_a_full_snapshot(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """A writer that was away too long: the hole is noted, and what is newest can be rebuilt at once again."""
    writer = begin(member, make_writer)
    writer.close()
    write(member, 20)
    gateway = member.gateway()
    gateway.compact(gateway.revision() - 2)
    write(member, 5, value=b"after")
    again = make_writer(member)
    wait_until(lambda: caught_up(again, member) and again.heals == 1)
    # Its own first one and the one of the hole may be two.
    wait_until(lambda: caught_up(again, member) and len(bucket.keys("full")) in {2, 3})
    assert len(bucket.keys("hole")) == 1
    newest = Chain(bucket, 1).fulls()[-1]
    assert Chain(bucket, 1).end(newest.revision).stopped == ""
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_the_next_writer_continues_where_the_last_one_stopped(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """Without a hole, without a full snapshot, and without writing anything twice."""
    writer = begin(member, make_writer)
    write(member, 10)
    wait_until(lambda: caught_up(writer, member))
    writer.close()
    write(member, 10)
    again = make_writer(member)
    wait_until(lambda: caught_up(again, member))
    assert again.heals == 0
    chain = Chain(bucket, 1)
    (full,) = chain.fulls()
    assert chain.end(full.revision).revision == member.gateway().revision()
    firsts = [chain.read(log).first for log in chain.logs()]
    assert firsts[1:] == [chain.read(log).last + 1 for log in chain.logs()][:-1]


def test_large_values_and_large_revisions(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """A value of 1.5 MiB, one transaction of many keys, and a deletion of thousands of keys."""
    writer = begin(member, make_writer)
    gateway = member.gateway()
    gateway.put(b"/registry/large", b"x" * (1536 * 1024 - 500))
    name = b"/registry/" + b"n" * 900
    for part in range(40):
        puts = [
            {"request_put": {"key": encode(name + b"%d" % key)}}
            for key in range(part * 100, part * 100 + 100)
        ]
        gateway.txn(success=puts)
    gateway.delete(b"/registry/n", end=b"/registry/o")
    gateway.put(b"/registry/last", b"")
    wait_until(lambda: caught_up(writer, member), seconds=60)
    assert writer.heals == 1, "the beginning, and never again"
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(gateway)


def test_leases_end_after_a_restore_and_not_before(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Keys that were put with a lease have one again, with its seconds; ended leases are ended."""
    writer = begin(member, make_writer)
    gateway = member.gateway()
    long, short, ended = gateway.grant_lease(3600), gateway.grant_lease(3), gateway.grant_lease(2)
    gateway.put(b"/registry/events/long", b"", lease=long)
    gateway.put(b"/registry/events/short", b"", lease=short)
    gateway.put(b"/registry/events/ended-1", b"", lease=ended)
    gateway.put(b"/registry/events/ended-2", b"", lease=ended)
    wait_until(lambda: caught_up(writer, member))
    wait_until(lambda: _renewed(gateway, short) and gateway.get(b"/registry/events/ended-1") is None)
    wait_until(lambda: caught_up(writer, member))
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        private = found.etcd.gateway()
        assert found.keeps_revisions
        assert all_keys(private) == all_keys(gateway)
        kept = private.get(b"/registry/events/long")
        assert kept is not None
        assert (kept.lease, private.granted_ttl(long)) == (long, 3600)
        time.sleep(4)
        assert private.get(b"/registry/events/short") is not None


def test_addresses_of_api_servers_are_not_rebuilt(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Those of the masters before would get requests."""
    writer = begin(member, make_writer)
    member.gateway().put(b"/registry/masterleases/10.0.0.1", b"address")
    member.gateway().put(b"/registry/pods/one", b"pod")
    wait_until(lambda: caught_up(writer, member))
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.etcd.gateway().get(b"/registry/masterleases/10.0.0.1") is None
        assert found.etcd.gateway().get(b"/registry/pods/one") is not None


def _renewed(gateway: Gateway, lease: int) -> bool:
    gateway.keep_alive(lease)
    time.sleep(0.5)
    return True
