"""Four restore bugs of a peer that backs up continuously, each of which must not be possible here.

https://github.com/gardener/etcd-backup-restore/issues/1043 to 1046
"""

import threading
import time
from functools import partial
from pathlib import Path

from kubequorum_node.backup import full, names
from kubequorum_node.backup.chain import Chain, End
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.private_etcd import restored
from kubequorum_node.backup.rebuild import rebuilt
from kubequorum_node.backup.replay import Replay
from kubequorum_node.backup.writer import Writer
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Cluster, Member, wait_until
from tests.unit.node.backup.memory_bucket import MemoryBucket


def test_a_lease_that_ends_in_the_private_etcd_hides_no_change(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str, tmp_path: Path
) -> None:
    """#1045: its DELETE is a revision of the private etcd: the log's first change must not look applied."""
    gateway = member.gateway()
    writer = make_writer(member)
    lease = gateway.grant_lease(2)
    gateway.put(b"short", b"lived", lease=lease)
    writer.step()
    writer.fulls.wait(30)
    after_full = [b"first", b"second", b"third"]
    for key in after_full:
        gateway.put(key, key)
    writer.step()
    writer.flush()

    chain = Chain(bucket, 1)
    (snapshot,) = chain.fulls()
    path = tmp_path / "snapshot.db"
    bucket.read_to_file(snapshot.key, path)
    with restored(member.tools(), path, tmp_path) as etcd:
        private = etcd.gateway()
        # As if the lease had ended by itself.
        private.revoke_lease(lease)
        assert private.revision() > snapshot.revision
        replay = Replay(private, after=snapshot.revision)
        for log in chain.follow(snapshot.revision):
            if not isinstance(log, End):
                replay.apply(log)
        replay.check()
        assert [private.get(key) is not None for key in after_full] == [True] * 3


def test_a_lease_that_ends_while_logs_are_replayed_does_not_end_the_replay(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, tmp_path: Path
) -> None:
    """#1046: what was replayed is proven by its content, and not by the revision."""
    gateway = member.gateway()
    writer = make_writer(member)
    writer.step()
    writer.fulls.wait(30)
    lease = gateway.grant_lease(60)
    for number in range(6):
        gateway.put(b"key", b"%d" % number)
        gateway.put(b"leased-%d" % number, b"", lease=lease if number == 1 else 0)
        writer.step(wait_seconds=0.2)
    writer.flush()

    chain = Chain(bucket, 1)
    (snapshot,) = chain.fulls()
    path = tmp_path / "snapshot.db"
    bucket.read_to_file(snapshot.key, path)
    with restored(member.tools(), path, tmp_path) as etcd:
        private = etcd.gateway()
        replay = Replay(private, after=snapshot.revision)
        for log in chain.follow(snapshot.revision):
            if isinstance(log, End):
                continue
            # A key that no log touches ends amid the replay, and again and again.
            private.put(b"other", b"", lease=(other := private.grant_lease(60)))
            private.revoke_lease(other)
            replay.apply(log)
        assert replay.check() >= 7
        assert replay.revision == writer.end
        found = private.get(b"key")
        assert found is not None
        assert found.value == b"5"


def test_a_full_snapshot_is_named_after_what_is_in_it(
    member: Member, bucket: MemoryBucket, work_folder: str
) -> None:
    """#1044: the cluster goes on while a snapshot is made, so no revision that is asked for is the file's."""
    ended = threading.Event()

    def write() -> None:
        gateway = member.gateway()
        while not ended.is_set():
            gateway.put(b"key", b"x" * 100)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for _ in range(3):
            taken = full.take(
                bucket,
                generation=1,
                gateway=member.gateway(),
                tools=member.tools(),
                work_folder=work_folder,
                now=1_800_000_000.0,
            )
            path = Path(work_folder, "copy.db")
            bucket.read_to_file(taken.key, path)
            assert names.full(1, member.tools().check_snapshot(path).revision) == taken.key
    finally:
        ended.set()
        writing.join()


def test_two_writers_at_once_make_one_chain(
    three: Cluster, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """#1043: a new writer, while the old one does not know yet that it is none any more."""
    first, second = three.followers()
    gateway = three.leader().gateway()
    one = make_writer(first)
    one.step()
    one.fulls.wait(30)
    one.step()
    other = make_writer(second)
    for number in range(60):
        gateway.put(b"key-%d" % (number % 7), b"%d" % number)
        if number == 30:
            three.leader().kill()
            gateway = first.gateway()
            wait_until(partial(_answers, gateway))
        # Each has something that the other has written already.
        (one if number % 3 else other).step(wait_seconds=0.02)
        if number % 5 == 0:
            other.step(wait_seconds=0.02)
    final = gateway.revision()
    wait_until(lambda: _write_all(one, other) >= final)

    chain = Chain(bucket, 1)
    begin = chain.fulls()[0].revision
    logs = [log for log in chain.follow(begin) if not isinstance(log, End)]
    assert {log.writer for log in logs} == {first.name, second.name}
    assert (chain.end(begin).revision, chain.end(begin).stopped) == (final, "")
    assert bucket.keys("hole") == []
    with rebuilt(bucket, 1, tools=first.tools(), work_folder=work_folder) as found:
        assert found.revision == final
        assert {b"key-%d" % key: _value(found.etcd.gateway(), b"key-%d" % key) for key in range(7)} == {
            b"key-%d" % (number % 7): b"%d" % number for number in range(53, 60)
        }


def test_a_writer_continues_behind_what_another_one_has_written(
    member: Member, bucket: MemoryBucket, make_writer: MakeWriter, work_folder: str
) -> None:
    """It has gathered the same changes and more, and the other one is gone."""
    gateway = member.gateway()
    late = make_writer(member, flush_seconds=3600)
    late.step()
    late.fulls.wait(30)
    late.flush()
    other = make_writer(member)
    first = gateway.put(b"key", b"first")
    wait_until(lambda: _write_all(other) >= first)
    other.close()
    last = gateway.put(b"key", b"last")
    wait_until(lambda: _write_all(late) >= 0 and late.position >= last)
    late.flush()
    chain = Chain(bucket, 1)
    assert chain.end(chain.fulls()[0].revision).revision == last
    assert [log.first for log in chain.logs()][-2:] == [first, last]


def _value(gateway: Gateway, key: bytes) -> bytes:
    found = gateway.get(key)
    assert found is not None
    return found.value


def _answers(gateway: Gateway) -> bool:
    try:
        return gateway.revision() > 0
    except Exception:
        time.sleep(0.1)
        return False


def _write_all(*writers: Writer) -> int:
    for writer in writers:
        writer.step(wait_seconds=0.05)
    return max(writer.end for writer in writers)
