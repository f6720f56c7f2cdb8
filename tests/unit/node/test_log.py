"""Levels of the log, in the journal and elsewhere."""

import os
import sys
from pathlib import Path

import pytest

from kubequorum_node import log


def _logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, journal: bool) -> list[str]:
    """What one message of each level and a failed step write, in the journal or not."""
    with (tmp_path / "stderr").open("w+", encoding="utf-8") as stderr:
        found = os.fstat(stderr.fileno())
        other = "8:1" if not journal else f"{found.st_dev}:{found.st_ino}"
        monkeypatch.setenv("JOURNAL_STREAM", other)
        monkeypatch.setattr(sys, "stderr", stderr)
        log.info("as planned")
        log.warning("it is retried")
        log.error("first line\nsecond line")
        with pytest.raises(ValueError, match="nothing there"), log.timed("mount-volume"):
            raise ValueError("nothing there")
        stderr.seek(0)
        return stderr.read().splitlines()


def test_the_journal_gets_the_level_of_every_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of a longer message has the message's level: the journal takes it for an entry of its own."""
    lines = _logged(tmp_path, monkeypatch, journal=True)
    assert lines[:4] == [
        "<6>kubequorum: as planned",
        "<4>kubequorum: warning: it is retried",
        "<3>kubequorum: error: first line",
        "<3>second line",
    ]
    assert lines[4].startswith("<3>kubequorum: error: mount-volume: FAILED after")
    assert lines[4].endswith("nothing there")


def test_a_terminal_gets_no_prefixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who runs a step sees words; standard error may be redirected away from a unit's journal."""
    lines = _logged(tmp_path, monkeypatch, journal=False)
    assert lines[:2] == ["kubequorum: as planned", "kubequorum: warning: it is retried"]
    assert not [line for line in lines if line.startswith("<")]
