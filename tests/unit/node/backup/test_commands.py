"""Commands of backups on a master."""

import os
import threading

import pytest

from kubequorum_node.backup import commands
from kubequorum_node.backup.service import BackupService
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
