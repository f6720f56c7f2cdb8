"""The restore drill, and data directories of a restored cluster."""

from pathlib import Path

import pytest

from kubequorum_node.backup import content, drill, generation, listing, log_object
from kubequorum_node.backup.drill import DrillResult
from kubequorum_node.backup.errors import CompactedError
from kubequorum_node.backup.rebuild import data_directory, rebuilt
from kubequorum_node.backup.writer import Writer
from tests.backup.conftest import MakeWriter
from tests.backup.etcds import Cluster, Member, wait_until
from tests.unit.node.backup.memory_bucket import MemoryBucket


@pytest.fixture
def writer(member: Member, make_writer: MakeWriter) -> Writer:
    """A writer with a full snapshot, and some logs behind it."""
    made = make_writer(member)
    made.step()
    made.fulls.wait(30)
    write(member, 20)
    wait_until(lambda: caught_up(made, member))
    return made


def write(member: Member, count: int) -> None:
    """Change some keys, and delete one of them."""
    gateway = member.gateway()
    for number in range(count):
        gateway.put(b"/registry/pods/%d" % (number % 7), b"%d" % number)
    gateway.delete(b"/registry/pods/3")


def caught_up(writer: Writer, member: Member) -> bool:
    """Write what there is."""
    writer.step(wait_seconds=0.05)
    return writer.end >= member.gateway().revision()


def run(bucket: MemoryBucket, member: Member, work_folder: str) -> DrillResult:
    """A drill."""
    return drill.run(
        bucket,
        generation.newest(bucket),
        gateway=member.gateway(),
        tools=member.tools(),
        slot="a",
        work_folder=work_folder,
    )


def test_a_good_chain_passes_and_leaves_nothing_behind(
    member: Member, bucket: MemoryBucket, writer: Writer, work_folder: str
) -> None:
    """The cluster goes on meanwhile, and what it does is not in the comparison."""
    member.gateway().put(b"/registry/later", b"not in the bucket yet")
    result = run(bucket, member, work_folder)
    assert result.passed, result
    assert (result.revision, result.keys, result.keeps_revisions) == (writer.end, 7, True)
    assert result.replayed > 20
    assert list(Path(work_folder).iterdir()) == []
    assert drill.newest_result(bucket) == result
    assert "passed" in "\n".join(listing.lines(bucket))


def test_a_log_that_is_not_what_happened_fails(
    member: Member, bucket: MemoryBucket, writer: Writer, work_folder: str
) -> None:
    """Whole and with right sums, but another history: only a comparison with the living data sees it."""
    key = bucket.keys("log")[-1]
    found = log_object.decode(bucket.objects[key])
    change = ('"delete":', '"put":"eA==","value":')
    lines = [(each.number, each.to_line().replace(*change)) for each in found.revisions]
    bucket.objects[key] = log_object.encode(
        lines,
        events=sum(len(each.events) for each in found.revisions),
        cluster_id=found.cluster_id,
        writer=found.writer,
        written=found.written,
        leases=found.leases,
    )
    result = run(bucket, member, work_folder)
    assert not result.passed
    assert "differs from the living data" in result.what


def test_a_damaged_chain_fails_although_an_older_snapshot_helps(
    member: Member, bucket: MemoryBucket, writer: Writer, work_folder: str
) -> None:
    """Somebody must know that an object is damaged."""
    writer.fulls.hurry()
    writer.step()
    writer.fulls.wait(30)
    wait_until(lambda: caught_up(writer, member))
    newest = bucket.keys("full")[-1]
    bucket.damage(newest)
    result = run(bucket, member, work_folder)
    assert not result.passed
    assert newest in result.what
    assert result.replayed > 0


def test_a_revision_that_etcd_has_compacted_fails_with_that_reason(
    member: Member, bucket: MemoryBucket, writer: Writer, work_folder: str
) -> None:
    """It proves nothing about the backup, and says so."""
    write(member, 20)
    gateway = member.gateway()
    gateway.compact(gateway.revision())
    assert "compacted" in run(bucket, member, work_folder).what


def test_contents_differ_where_they_do(member: Member) -> None:
    """The group of the key is named; addresses of API servers do not count."""
    gateway = member.gateway()
    before = content.read(gateway)
    gateway.put(b"/registry/masterleases/10.0.0.1", b"")
    assert before.differences(content.read(gateway)) == []
    gateway.put(b"/registry/pods/default/one", b"1")
    first = content.read(gateway)
    gateway.put(b"/registry/pods/default/one", b"2")
    for number in range(100):
        gateway.put(b"/registry/services/%d" % number, b"")
    assert first.differences(content.read(gateway)) == ["/registry/pods", "/registry/services"]
    assert content.read(gateway).keys == 101
    assert first.differences(content.read(gateway, revision=gateway.revision() - 101)) == []


def test_revisions_only_grow_in_a_restored_cluster(
    member: Member, bucket: MemoryBucket, writer: Writer, work_folder: str, tmp_path: Path
) -> None:
    """A client that resumes with an old one must list again; another token makes another cluster id."""
    newest = member.gateway().revision()
    saved = tmp_path / "saved.db"
    with rebuilt(bucket, 1, tools=member.tools(), work_folder=work_folder) as found:
        found.etcd.save(saved)
    new = Cluster(tmp_path / "new", ("a",), token="another")
    peer = new.members["a"].peer_url
    data_directory(
        member.tools(),
        saved,
        new.members["a"].data_folder,
        member="a",
        peer_url=peer,
        initial_cluster=f"a={peer}",
        token="another",
    )
    new.start()
    try:
        gateway = new.members["a"].gateway()
        assert gateway.revision() >= newest + 1_000_000_000
        assert gateway.status().cluster_id != member.gateway().status().cluster_id
        assert content.read(gateway) == content.read(member.gateway())
        with pytest.raises(CompactedError):
            list(gateway.watch(start_revision=newest, idle_seconds=10))
    finally:
        new.stop()
