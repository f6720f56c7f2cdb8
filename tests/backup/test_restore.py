"""A restored cluster of three members, with real etcds: from one snapshot, and closed to old members."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kubequorum_node.backup import content, generation
from kubequorum_node.backup.errors import BackupError, CompactedError
from kubequorum_node.backup.rebuild import data_directory, rebuilt
from tests.backup.chains import begin, caught_up, write
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Cluster, Member, wait_until
from tests.unit.node.backup.memory_bucket import MemoryBucket

BUMP_REVISION = 5_000_000_000
TOKEN = "of-a-test-restore-1"


@pytest.fixture
def backed_up(three: Cluster, bucket: MemoryBucket, make_writer: MakeWriter) -> content.Content:
    """A cluster of three with a chain of a full snapshot and logs; what is in it."""
    member = three.leader()
    write(member, 50)
    writer = begin(member, make_writer)
    write(member, 30)
    wait_until(lambda: caught_up(writer, member))
    return content.read(member.gateway())


@pytest.fixture
def restored(
    three: Cluster, backed_up: content.Content, bucket: MemoryBucket, work_folder: str, tmp_path: Path
) -> Iterator[dict[str, Member]]:
    """Three members with the names and URLs of the old ones, all of which are down; none is started."""
    tools, saved = three.leader().tools(), tmp_path / "saved.db"
    three.stop()
    with rebuilt(bucket, 1, tools=tools, work_folder=work_folder) as found:
        found.etcd.save(saved)
    ports = {name: int(member.peer_url.rpartition(":")[2]) for name, member in three.members.items()}
    (tmp_path / "new").mkdir()
    new = {
        name: Member(name, tmp_path / "new", cluster=ports, client_port=member.client_port, token=TOKEN)
        for name, member in three.members.items()
    }
    for name, member in new.items():
        data_directory(
            tools,
            saved,
            member.data_folder,
            member=name,
            peer_url=member.peer_url,
            initial_cluster=",".join(f"{name}={other.peer_url}" for name, other in new.items()),
            token=TOKEN,
            bump_revision=BUMP_REVISION,
        )
    yield new
    for member in new.values():
        member.kill()


def _serves(member: Member) -> bool:
    try:
        member.gateway().put(b"/written", b"1")
    except BackupError:
        return False
    return True


def test_all_members_have_the_same(
    restored: dict[str, Member], backed_up: content.Content, bucket: MemoryBucket
) -> None:
    """Each from its own restore of one snapshot; revisions are above all before, which count as compacted."""
    for member in restored.values():
        member.start()
    gateways = [member.gateway() for member in restored.values()]
    wait_until(lambda: all(_reads(member) for member in restored.values()))
    assert [content.read(gateway) for gateway in gateways] == [backed_up] * 3
    assert all(gateway.revision() > BUMP_REVISION for gateway in gateways)
    ids = {gateway.status().cluster_id for gateway in gateways}
    assert len(ids) == 1
    with pytest.raises(CompactedError):
        list(gateways[0].watch(start_revision=60, idle_seconds=10))
    # Its backups begin a chain of their own: a late writer of the old cluster writes into the old one's.
    assert generation.of_cluster(bucket, ids.pop(), now=datetime.now(UTC)).number == 2


def test_an_old_member_that_wakes_up_takes_no_part(restored: dict[str, Member], three: Cluster) -> None:
    """With its old data, under its old name and URL: the two restored ones serve, and it serves nobody."""
    old = three.members["c"]
    for member in (restored["a"], restored["b"], old):
        member.start()
    wait_until(lambda: _serves(restored["a"]))
    assert not _serves(old)
    assert not _reads(old)
    old.kill()
    # In its slot's place the restored one is welcome.
    restored["c"].start()
    wait_until(lambda: _reads(restored["c"]))
    assert restored["c"].gateway().get(b"/written") is not None


def _reads(member: Member) -> bool:
    """Whether it answers a read through the consensus."""
    try:
        member.gateway().range(b"/written")
    except BackupError:
        return False
    return True


def test_less_is_taken_where_the_chain_ends_before(
    backed_up: content.Content, three: Cluster, bucket: MemoryBucket, work_folder: str
) -> None:
    """Only on request: who restores exactly one revision must know that it cannot be had."""
    bucket.damage(bucket.keys("log")[-1])
    tools = three.leader().tools()
    with (
        pytest.raises(BackupError, match="not to 10000"),
        rebuilt(bucket, 1, tools=tools, work_folder=work_folder, until=10_000),
    ):
        pass
    with rebuilt(bucket, 1, tools=tools, work_folder=work_folder, until=10_000, or_less=True) as found:
        assert found.revision < 10_000
        assert len(found.left_out) == 1
