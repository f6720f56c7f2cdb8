"""Which master writes, and what happens when it can no longer."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from kubequorum_node.backup import generation
from kubequorum_node.backup.age import AgeMonitor, newest_backup
from kubequorum_node.backup.chain import Chain
from kubequorum_node.backup.coverage import Coverage
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.metrics import Reporter
from kubequorum_node.backup.service import BackupService, Retention
from kubequorum_node.backup.turn import KEY, Turn
from kubequorum_node.backup.writer import Writer
from tests.backup.etcds import Cluster, Member, wait_until
from tests.unit.node.backup.memory_bucket import MemoryBucket

Services = dict[str, tuple[threading.Thread, threading.Event]]


@pytest.fixture
def services(three: Cluster, bucket: MemoryBucket, work_folder: str) -> Iterator[Services]:
    """The backup service of each of three masters."""
    running: Services = {}
    for name, member in three.members.items():
        stop = threading.Event()
        service = BackupService(
            bucket,
            gateway=member.gateway,
            slot=name,
            slots=3,
            make_writer=_writers(bucket, member, f"{work_folder}/{name}"),
            kept=Retention(all_hours=24, daily_days=30),
            notify=lambda _: None,
            reporter=Reporter(bucket, lambda _: None),
        )
        running[name] = threading.Thread(target=service.run, args=(stop,), daemon=True), stop
        running[name][0].start()
    yield running
    for thread, stop in running.values():
        stop.set()
        thread.join(30)


def _writers(bucket: MemoryBucket, member: Member, folder: str) -> Callable[[], Writer]:
    return lambda: Writer(
        bucket,
        gateway=member.gateway,
        tools=member.tools(),
        slot=member.name,
        work_folder=folder,
        flush_seconds=0.2,
    )


def _holder(gateway: Gateway) -> str:
    try:
        return Turn(lambda: gateway, slot="").holder()
    except Exception:
        return ""


def _is_covered(bucket: MemoryBucket, revision: int) -> bool:
    generations = generation.all_of(bucket)
    if not generations:
        return False
    chain = Chain(bucket, generations[-1].number)
    fulls = chain.fulls()
    return bool(fulls) and chain.end(fulls[-1].revision).revision >= revision


def test_a_member_that_does_not_lead_writes(three: Cluster, bucket: MemoryBucket, services: Services) -> None:
    """Its work costs writes no time."""
    gateway = three.leader().gateway()
    wait_until(lambda: _holder(gateway) != "")
    assert _holder(gateway) in {member.name for member in three.followers()}
    revision = gateway.put(b"/registry/key", b"value")
    wait_until(lambda: _is_covered(bucket, revision))


def test_another_master_continues_when_the_writer_dies(
    three: Cluster, bucket: MemoryBucket, services: Services
) -> None:
    """Nothing is missing in the chain, and no full snapshot is needed for it."""
    leader = three.leader().gateway()
    wait_until(lambda: _is_covered(bucket, 1))
    writer = _holder(leader)
    three.members[writer].kill()
    before = leader.put(b"/registry/key", b"nobody sees this yet")
    wait_until(lambda: _holder(leader) not in ("", writer))
    revision = leader.put(b"/registry/key", b"value")
    wait_until(lambda: _is_covered(bucket, revision))
    assert bucket.keys("hole") == []
    assert revision > before


def test_the_leader_writes_when_nobody_else_can(
    three: Cluster, bucket: MemoryBucket, services: Services
) -> None:
    """Two of three are well, and the only follower's service is stopped."""
    leader = three.leader()
    first, second = three.followers()
    for follower in (first, second):
        thread, stop = services[follower.name]
        stop.set()
        thread.join(30)
    revision = leader.gateway().put(b"/registry/key", b"value")
    wait_until(lambda: _holder(leader.gateway()) == leader.name)
    wait_until(lambda: _is_covered(bucket, revision))


def test_a_service_that_is_stopped_writes_what_it_has(
    three: Cluster, bucket: MemoryBucket, services: Services
) -> None:
    """A master that terminates leaves nothing to its successor, and does not keep the turn."""
    gateway = three.leader().gateway()
    wait_until(lambda: _is_covered(bucket, 1))
    writer = _holder(gateway)
    for name, (thread, stop) in services.items():
        if name != writer:
            stop.set()
            thread.join(30)
    wait_until(lambda: _holder(gateway) == writer)
    revision = gateway.put(b"/registry/key", b"the last")
    # The watch brings it in a moment.
    time.sleep(0.1)
    thread, stop = services[writer]
    stop.set()
    thread.join(30)
    assert _is_covered(bucket, revision)
    assert gateway.get(KEY) is None


def test_only_one_has_the_turn(member: Member) -> None:
    """And the next one when it is given back, or when its lease ends."""
    one, other = Turn(member.gateway, slot="a"), Turn(member.gateway, slot="b")
    assert one.take()
    assert not other.take()
    assert (one.is_held, other.is_held, other.holder()) == (True, False, "a")
    one.release()
    assert not one.is_held
    assert other.take()
    # Somebody else has ended its lease.
    found = member.gateway().get(KEY)
    assert found is not None
    member.gateway().revoke_lease(found.lease)
    wait_until(lambda: not other.is_held)


def test_a_turn_outlives_its_lease_only_while_it_is_renewed(member: Member) -> None:
    """A master that is cut off stops to write by itself."""
    turn = Turn(member.gateway, slot="a")
    assert turn.take()
    time.sleep(4)
    assert turn.is_held
    member.kill()
    wait_until(lambda: not turn.is_held)


def test_that_no_backup_is_made_is_reported_once(bucket: MemoryBucket) -> None:
    """Where a bucket does not answer, too; and that there is one again."""
    notices: list[str] = []
    monitor = AgeMonitor(bucket, notify=notices.append, limit_seconds=0.2, look_seconds=0.0)
    monitor.look(None)
    assert notices == []
    bucket.failing = True
    time.sleep(0.3)
    monitor.look(None)
    monitor.look(None)
    assert len(notices) == 1
    assert "no backup of etcd" in notices[0]
    bucket.failing = False
    generation.begin(bucket, "abc", after=0, now=datetime.now(UTC))
    bucket.create("backups/000001/full-00000000000000000007", b"")
    monitor.look(None)
    assert notices[1:] == [""]


def test_the_age_is_that_of_the_newest_object(bucket: MemoryBucket) -> None:
    """A log counts like a full snapshot."""
    generation.begin(bucket, "abc", after=0, now=datetime.now(UTC))
    assert newest_backup(bucket) is None
    bucket.create("backups/000001/full-00000000000000000007", b"")
    bucket.create("backups/000001/log-00000000000000000008", b"")
    assert newest_backup(bucket) == bucket.written["backups/000001/log-00000000000000000008"]


def test_coverage_is_the_age_of_what_is_not_in_the_bucket() -> None:
    """Not of the last write: an idle cluster loses nothing."""
    coverage = Coverage(since=0.0)
    coverage.add_look(1.0, 10)
    coverage.add_look(2.0, 20)
    coverage.update(9, now=2.5)
    assert coverage.lag_seconds(3.0) == 3.0
    coverage.update(15, now=3.0)
    assert coverage.lag_seconds(3.0) == 2.0
    coverage.update(20, now=3.0)
    assert (coverage.lag_seconds(3.0), coverage.worst_seconds) == (1.0, 3.0)
