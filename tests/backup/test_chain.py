"""Chains that a writer makes of a real etcd, through what can happen to it and to the bucket."""

import time

import pytest

from kubequorum_node.backup import generation, log_object, names
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.changes import Event, Revision
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import Gateway, encode
from kubequorum_node.backup.rebuild import rebuilt
from kubequorum_node.backup.writer import Writer
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Member, wait_until
from tests.unit.node.backup.memory_bucket import BucketFailedError, MemoryBucket


def _caught_up(writer: Writer, member: Member) -> bool:
    writer.step(wait_seconds=0.05)
    return writer.end >= member.gateway().revision()


def _write(member: Member, count: int, *, value: bytes = b"value") -> None:
    gateway = member.gateway()
    for number in range(count):
        gateway.put(b"/registry/key-%d" % number, value)


def _begin(member: Member, make_writer: MakeWriter) -> Writer:
    """A writer whose chain has its full snapshot."""
    writer = make_writer(member)
    writer.step()
    writer.fulls.wait(30)
    assert writer.fulls.taken == 1
    return writer


def _rebuilt_keys(bucket: MemoryBucket, member: Member, work_folder: str) -> dict[str, str]:
    newest = generation.newest(bucket)
    with rebuilt(bucket, newest.number, tools=member.tools(), work_folder=work_folder) as found:
        return _all(found.etcd.gateway())


def _all(gateway: Gateway) -> dict[str, str]:
    found = gateway.range(b"/", end=b"0")
    return {raw["key"]: raw.get("value", "") for raw in found.get("kvs", [])}


def test_nothing_is_lost_while_the_bucket_fails(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """What could not be written stays, and is written in order later."""
    writer = _begin(member, make_writer)
    bucket.failing = True
    _write(member, 30)
    for _ in range(3):
        with pytest.raises(BucketFailedError):
            writer.step(wait_seconds=0.1)
    _write(member, 30, value=b"later")
    bucket.failing = False
    wait_until(lambda: _caught_up(writer, member))
    assert bucket.keys("hole") == []
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_a_bucket_that_fails_takes_no_more_memory_than_the_buffer(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Etcd keeps what does not fit: 20 MiB of changes, and a buffer of 12."""
    writer = _begin(member, make_writer)
    bucket.failing = True
    _write(member, 20, value=b"x" * (1 << 20))
    follower = writer._follower
    assert follower is not None
    wait_until(lambda: follower.buffered_bytes > 11 << 20)
    time.sleep(0.5)
    assert follower.buffered_bytes < 14 << 20
    bucket.failing = False
    wait_until(lambda: _caught_up(writer, member), seconds=60)
    assert bucket.keys("hole") == []
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_an_answer_that_is_lost_is_no_other_writer(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """The repeated request finds the object there, and it is its own."""
    writer = _begin(member, make_writer)
    _write(member, 3)
    wait_until(lambda: _caught_up(writer, member))
    bucket.loses_answers = 1
    _write(member, 3)
    wait_until(lambda: _caught_up(writer, member))
    assert bucket.loses_answers == 0
    chain = Chain(bucket, 1)
    assert chain.end(chain.fulls()[0].revision).revision == writer.end


def test_a_compaction_under_the_reader_is_healed_by_a_full_snapshot(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """A writer that was away too long: the hole is noted, and what is newest can be rebuilt at once again."""
    writer = _begin(member, make_writer)
    writer.close()
    _write(member, 20)
    gateway = member.gateway()
    gateway.compact(gateway.revision() - 2)
    _write(member, 5, value=b"after")
    again = make_writer(member)
    wait_until(lambda: _caught_up(again, member) and again.heals == 1)
    wait_until(lambda: _caught_up(again, member) and len(bucket.keys("full")) == 2)
    assert len(bucket.keys("hole")) == 1
    newest = Chain(bucket, 1).fulls()[-1]
    assert Chain(bucket, 1).end(newest.revision).stopped == ""
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_the_next_writer_continues_where_the_last_one_stopped(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """Without a hole, without a full snapshot, and without writing anything twice."""
    writer = _begin(member, make_writer)
    _write(member, 10)
    wait_until(lambda: _caught_up(writer, member))
    writer.close()
    _write(member, 10)
    again = make_writer(member)
    wait_until(lambda: _caught_up(again, member))
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
    writer = _begin(member, make_writer)
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
    wait_until(lambda: _caught_up(writer, member), seconds=60)
    assert writer.heals == 1, "the beginning, and never again"
    assert _rebuilt_keys(bucket, member, work_folder) == _all(gateway)


def test_leases_end_after_a_restore_and_not_before(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Keys that were put with a lease have one again, with its seconds; ended leases are ended."""
    writer = _begin(member, make_writer)
    gateway = member.gateway()
    long, short, ended = gateway.grant_lease(3600), gateway.grant_lease(3), gateway.grant_lease(2)
    gateway.put(b"/registry/events/long", b"", lease=long)
    gateway.put(b"/registry/events/short", b"", lease=short)
    gateway.put(b"/registry/events/ended-1", b"", lease=ended)
    gateway.put(b"/registry/events/ended-2", b"", lease=ended)
    wait_until(lambda: _caught_up(writer, member))
    wait_until(lambda: _renewed(gateway, short) and gateway.get(b"/registry/events/ended-1") is None)
    wait_until(lambda: _caught_up(writer, member))
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        private = found.etcd.gateway()
        assert found.keeps_revisions
        assert _all(private) == _all(gateway)
        kept = private.get(b"/registry/events/long")
        assert kept is not None
        assert (kept.lease, private.granted_ttl(long)) == (long, 3600)
        time.sleep(4)
        assert private.get(b"/registry/events/short") is not None


def test_addresses_of_api_servers_are_not_rebuilt(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Those of the masters before would get requests."""
    writer = _begin(member, make_writer)
    member.gateway().put(b"/registry/masterleases/10.0.0.1", b"address")
    member.gateway().put(b"/registry/pods/one", b"pod")
    wait_until(lambda: _caught_up(writer, member))
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.etcd.gateway().get(b"/registry/masterleases/10.0.0.1") is None
        assert found.etcd.gateway().get(b"/registry/pods/one") is not None


def test_a_damaged_full_snapshot_costs_nothing(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """The one before and the logs since lead to the same revision."""
    writer = _begin(member, make_writer)
    _write(member, 20)
    wait_until(lambda: _caught_up(writer, member))
    writer.fulls.hurry()
    writer.step()
    writer.fulls.wait(30)
    _write(member, 5, value=b"newest")
    wait_until(lambda: _caught_up(writer, member))
    first, newest = bucket.keys("full")
    bucket.damage(newest)
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.full.key == first
        assert newest in found.left_out[0]
        assert found.revision == member.gateway().revision()
        assert _all(found.etcd.gateway()) == _all(member.gateway())


def test_a_damaged_log_costs_what_follows_it_and_says_so(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Up to the next full snapshot, which the next writer takes at once."""
    writer = _begin(member, make_writer)
    _write(member, 3)
    wait_until(lambda: _caught_up(writer, member))
    before = writer.end
    _write(member, 3, value=b"damaged")
    wait_until(lambda: _caught_up(writer, member))
    bucket.damage(bucket.keys("log")[-1])
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.revision <= before + 3
        assert "log-" in found.left_out[0]
    with (
        pytest.raises(BackupError, match=r"leads to revision \d+, not to"),
        rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder, until=writer.end),
    ):
        pass
    writer.close()
    again = make_writer(member)
    assert again.heals == 1
    wait_until(lambda: _caught_up(again, member))
    again.fulls.wait(30)
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_a_missing_log_is_a_hole(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """What follows it is not applied: it would be a state that never was."""
    writer = _begin(member, make_writer)
    for part in range(3):
        _write(member, 4, value=b"%d" % part)
        wait_until(lambda: _caught_up(writer, member))
    logs = bucket.keys("log")
    del bucket.objects[logs[1]]
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.revision < writer.end
        assert "are missing" in found.left_out[0]


def test_a_writer_that_finds_a_hole_takes_a_full_snapshot(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """It looks at the whole chain once, after its first changes are safe."""
    writer = _begin(member, make_writer)
    for part in range(3):
        _write(member, 4, value=b"%d" % part)
        wait_until(lambda: _caught_up(writer, member))
    writer.close()
    del bucket.objects[bucket.keys("log")[1]]
    _write(member, 4, value=b"newest")
    again = make_writer(member)
    wait_until(lambda: _caught_up(again, member) and again.heals == 1)
    wait_until(lambda: _caught_up(again, member) and len(bucket.keys("full")) == 2)
    assert len(bucket.keys("hole")) == 1
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_a_slow_bucket_loses_nothing(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Changes gather while a request is under way, and full snapshots are taken meanwhile."""
    writer = _begin(member, make_writer)
    bucket.delay_seconds = 0.3
    for part in range(3):
        _write(member, 20, value=b"%d" % part)
        writer.fulls.hurry()
        writer.step()
    wait_until(lambda: _caught_up(writer, member))
    writer.fulls.wait(30)
    bucket.delay_seconds = 0.0
    assert (bucket.keys("hole"), writer.heals) == ([], 1)
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_another_history_in_the_chain_is_not_continued(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Data that were turned back, and have come as far again before a writer looked."""
    writer = _begin(member, make_writer)
    _write(member, 3)
    wait_until(lambda: _caught_up(writer, member))
    change = Event(key=encode(b"/registry/other"), value=encode(b"history"))
    first = writer.end + 1
    line = Revision(number=first, events=(change,), seen=0.0).to_line()
    bucket.create(
        names.log(1, first),
        log_object.encode([(first, line)], events=1, cluster_id="other", writer="c", written=0.0, leases={}),
    )
    _write(member, 3, value=b"own history")
    wait_until(lambda: _caught_up(writer, member) and writer.generation == 2)
    wait_until(lambda: _caught_up(writer, member) and any("/000002/" in key for key in bucket.keys("full")))
    assert _rebuilt_keys(bucket, member, work_folder) == _all(member.gateway())


def test_data_that_were_turned_back_begin_a_generation(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """Somebody has restored etcd by hand with the same token: the chain must not be continued."""
    writer = _begin(member, make_writer)
    _write(member, 5)
    wait_until(lambda: _caught_up(writer, member))
    writer.close()
    ahead = member.gateway().revision() + 10
    # As the chain would be if etcd had been there.
    key = bucket.keys("full")[0]
    bucket.objects[f"{key[:-20]}{ahead:020}"] = bucket.objects[key]
    bucket.written[f"{key[:-20]}{ahead:020}"] = bucket.written[key]
    again = make_writer(member)
    assert again.generation == 2
    wait_until(lambda: _caught_up(again, member))
    assert [found.number for found in generation.all_of(bucket)] == [1, 2]


def _renewed(gateway: Gateway, lease: int) -> bool:
    gateway.keep_alive(lease)
    time.sleep(0.5)
    return True
