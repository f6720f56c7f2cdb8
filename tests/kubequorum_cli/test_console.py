"""Progress as plain lines."""

import io
import time

import pytest
from rich.console import Console

from kubequorum_cli.console import Progress


@pytest.fixture
def screen() -> io.StringIO:
    """What would be on a screen that is no terminal."""
    return io.StringIO()


def progress(screen: io.StringIO) -> Progress:
    """Progress written there."""
    return Progress(Console(file=screen, width=1000))


def test_a_stage_says_when_it_begins_and_how_it_ended(screen: io.StringIO) -> None:
    """Title first, kept lines in between, the outcome last."""
    with progress(screen).stage("Build") as stage:
        stage.line("a brick [x]")
    lines = screen.getvalue().splitlines()
    assert lines[:2] == ["Build", "  a brick [x]"]
    assert lines[2].startswith("done  Build  ")


def test_a_stage_that_raises_or_is_failed_says_so(screen: io.StringIO) -> None:
    """An error goes through; both ways the stage ends as failed."""
    with pytest.raises(ZeroDivisionError), progress(screen).stage("One"):
        raise ZeroDivisionError
    with progress(screen).stage("Two") as stage:
        stage.fail()
    assert "failed  One" in screen.getvalue()
    assert "failed  Two" in screen.getvalue()


def test_a_silent_stage_shows_that_it_runs(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the detail of the moment appears now and then."""
    monkeypatch.setattr("kubequorum_cli.console._HEARTBEAT_SECONDS", 0.01)
    with progress(screen).stage("Wait") as stage:
        stage.detail("for the bus")
        while "for the bus" not in screen.getvalue():
            time.sleep(0.01)
    assert "  0 s  for the bus" in screen.getvalue()
