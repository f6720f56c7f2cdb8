"""Chains with damaged, missing or foreign objects, and what a rebuild and the next writer make of them."""

import pytest

from kubequorum_node.backup import generation, log_object, names
from kubequorum_node.backup.changes import Event, Revision
from kubequorum_node.backup.errors import BackupError
from kubequorum_node.backup.gateway import encode
from kubequorum_node.backup.rebuild import rebuilt
from tests.backup.chains import all_keys, begin, caught_up, rebuilt_keys, write
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Member, wait_until
from tests.unit.node.backup.memory_bucket import MemoryBucket


def test_a_damaged_full_snapshot_costs_nothing(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """The one before and the logs since lead to the same revision."""
    writer = begin(member, make_writer)
    write(member, 20)
    wait_until(lambda: caught_up(writer, member))
    writer.fulls.hurry()
    writer.step()
    writer.fulls.wait(30)
    write(member, 5, value=b"newest")
    wait_until(lambda: caught_up(writer, member))
    first, newest = bucket.keys("full")
    bucket.damage(newest)
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.full.key == first
        assert newest in found.left_out[0]
        assert found.revision == member.gateway().revision()
        assert all_keys(found.etcd.gateway()) == all_keys(member.gateway())


def test_a_damaged_log_costs_what_follows_it_and_says_so(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Up to the next full snapshot, which the next writer takes at once."""
    writer = begin(member, make_writer)
    write(member, 3)
    wait_until(lambda: caught_up(writer, member))
    before = writer.end
    write(member, 3, value=b"damaged")
    wait_until(lambda: caught_up(writer, member))
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
    wait_until(lambda: caught_up(again, member))
    again.fulls.wait(30)
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_a_missing_log_is_a_hole(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """What follows it is not applied: it would be a state that never was."""
    writer = begin(member, make_writer)
    for part in range(3):
        write(member, 4, value=b"%d" % part)
        wait_until(lambda: caught_up(writer, member))
    logs = bucket.keys("log")
    del bucket.objects[logs[1]]
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        assert found.revision < writer.end
        assert "are missing" in found.left_out[0]


def test_a_writer_that_finds_a_hole_takes_a_full_snapshot(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """It looks at the whole chain once, after its first changes are safe."""
    writer = begin(member, make_writer)
    for part in range(3):
        write(member, 4, value=b"%d" % part)
        wait_until(lambda: caught_up(writer, member))
    writer.close()
    del bucket.objects[bucket.keys("log")[1]]
    write(member, 4, value=b"newest")
    again = make_writer(member)
    wait_until(lambda: caught_up(again, member) and again.heals == 1)
    wait_until(lambda: caught_up(again, member) and len(bucket.keys("full")) == 2)
    assert len(bucket.keys("hole")) == 1
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_a_slow_bucket_loses_nothing(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Changes gather while a request is under way, and full snapshots are taken meanwhile."""
    writer = begin(member, make_writer)
    bucket.delay_seconds = 0.3
    for part in range(3):
        write(member, 20, value=b"%d" % part)
        writer.fulls.hurry()
        writer.step()
    wait_until(lambda: caught_up(writer, member))
    writer.fulls.wait(30)
    bucket.delay_seconds = 0.0
    assert (bucket.keys("hole"), writer.heals) == ([], 1)
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_another_history_in_the_chain_is_not_continued(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """Data that were turned back, and have come as far again before a writer looked."""
    writer = begin(member, make_writer)
    write(member, 3)
    wait_until(lambda: caught_up(writer, member))
    change = Event(key=encode(b"/registry/other"), value=encode(b"history"))
    first = writer.end + 1
    line = Revision(number=first, events=(change,), seen=0.0).to_line()
    bucket.create(
        names.log(1, first),
        log_object.encode([(first, line)], events=1, cluster_id="other", writer="c", written=0.0, leases={}),
    )
    write(member, 3, value=b"own history")
    wait_until(lambda: caught_up(writer, member) and writer.generation == 2)
    wait_until(lambda: caught_up(writer, member) and any("/000002/" in key for key in bucket.keys("full")))
    assert rebuilt_keys(bucket, member, work_folder) == all_keys(member.gateway())


def test_data_that_were_turned_back_begin_a_generation(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter
) -> None:
    """Somebody has restored etcd by hand with the same token: the chain must not be continued."""
    writer = begin(member, make_writer)
    write(member, 5)
    wait_until(lambda: caught_up(writer, member))
    writer.close()
    ahead = member.gateway().revision() + 10
    # As the chain would be if etcd had been there.
    key = bucket.keys("full")[0]
    bucket.objects[f"{key[:-20]}{ahead:020}"] = bucket.objects[key]
    bucket.written[f"{key[:-20]}{ahead:020}"] = bucket.written[key]
    again = make_writer(member)
    assert again.generation == 2
    wait_until(lambda: caught_up(again, member))
    assert [found.number for found in generation.all_of(bucket)] == [1, 2]
