"""Commands of backups on a master."""

import os
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from kubequorum_node.backup import commands, full, generation, names
from kubequorum_node.backup.full import FullBackup
from kubequorum_node.backup.service import BackupService
from kubequorum_node.backup.tools import SnapshotStatus
from tests.unit.node.backup.memory_bucket import MemoryBucket
from tests.unit.node.fakes import FakeNode

_WORK = "/var/lib/kubequorum/backup"


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[threading.Event]:
    """The service does nothing but end; what it was given to be stopped with."""
    found: list[threading.Event] = []
    monkeypatch.setattr(BackupService, "run", lambda _, stop: found.append(stop))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return found


def test_files_of_killed_commands_are_removed(node: FakeNode, stops: list[threading.Event]) -> None:
    """Each is as large as the database; those of a command that runs stay."""
    old, new = node.host.path(f"{_WORK}/full-old"), node.host.path(f"{_WORK}/rebuild-new")
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "snapshot.db").write_bytes(b"database")
    now = node.clock.wall_time()
    os.utime(old, (now - 4 * 3600, now - 4 * 3600))
    os.utime(new, (now - 3600, now - 3600))
    commands.write(node)
    assert len(stops) == 1
    assert not old.exists()
    assert new.exists()


def test_a_listing_of_nothing_says_so(node: FakeNode, capsys: pytest.CaptureFixture[str]) -> None:
    """And is no error."""
    commands.list_backups(node)
    assert capsys.readouterr().out == "no backup yet\n"


@pytest.fixture
def taken(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the full snapshots that were taken, of a cluster with a generation."""
    bucket, found = MemoryBucket(), list[str]()
    bucket._now = lambda: datetime.fromtimestamp(node.clock.wall_time(), UTC)
    generation.begin(bucket, "c9e1", after=0, now=datetime.now(UTC))
    member = SimpleNamespace(status=lambda: SimpleNamespace(cluster_id="c9e1"))

    def take(target: MemoryBucket, *, generation: int, **_: object) -> FullBackup:
        key = names.full(generation, 10 + len(found))
        target.create(key, b"snapshot")
        found.append(key)
        status = SnapshotStatus(revision=10, hash=1, keys=1, bytes=8)
        return FullBackup(key=key, status=status, existed=False)

    monkeypatch.setattr(commands, "_bucket", lambda _: bucket)
    monkeypatch.setattr(commands, "_gateway", lambda _: member)
    monkeypatch.setattr(full, "take", take)
    return found


def test_a_master_that_terminates_takes_a_full_snapshot(node: FakeNode, taken: list[str]) -> None:
    """The next one of the same update does not, unless a minute has passed."""
    commands.back_up_before_termination(node)
    assert len(taken) == 1
    node.clock.sleep(59)
    commands.back_up_before_termination(node)
    assert len(taken) == 1
    node.clock.sleep(1)
    commands.back_up_before_termination(node)
    assert len(taken) == 2


def test_a_clock_that_is_behind_does_not_prevent_a_snapshot(node: FakeNode, taken: list[str]) -> None:
    """By that clock the newest one is of the future."""
    commands.back_up_before_termination(node)
    node.clock.sleep(-30)
    commands.back_up_before_termination(node)
    assert len(taken) == 2
