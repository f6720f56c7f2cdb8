"""What tests of backups share: an etcd of one member, a bucket in memory, and a writer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubequorum_node.backup.writer import Writer
from tests.backup.etcds import Cluster, Member
from tests.unit.node.backup.memory_bucket import MemoryBucket

MakeWriter = Callable[..., Writer]


@pytest.fixture
def bucket() -> MemoryBucket:
    """An empty bucket."""
    return MemoryBucket()


@pytest.fixture
def work_folder(tmp_path: Path) -> str:
    """Where snapshots pass through."""
    return str(tmp_path / "work")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """An etcd of one member."""
    found = Cluster(tmp_path).start()
    yield found
    found.stop()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Cluster]:
    """An etcd of three members."""
    found = Cluster(tmp_path, ("a", "b", "c")).start()
    yield found
    found.stop()


@pytest.fixture
def member(cluster: Cluster) -> Member:
    """The member of the etcd of one."""
    return cluster.members["a"]


@pytest.fixture
def make_writer(bucket: MemoryBucket, work_folder: str) -> Iterator[MakeWriter]:
    """Open writers, which end with the test; they write at once what they have."""
    made: list[Writer] = []

    def make(member: Member, *, flush_seconds: float = 0.0, full_seconds: float = 3600.0) -> Writer:
        writer = Writer(
            bucket,
            gateway=member.gateway,
            tools=member.tools(),
            slot=member.name,
            work_folder=work_folder,
            flush_seconds=flush_seconds,
            full_seconds=full_seconds,
        )
        made.append(writer)
        writer.open()
        return writer

    yield make
    for writer in made:
        writer.fulls.wait(30)
        writer.close()
