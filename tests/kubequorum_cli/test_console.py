"""Progress as plain lines, and what of the CDK's output is shown."""

import io
import time

import pytest
from rich.console import Console

from kubequorum_cli.console import Progress, Stage
from lab.cdk import _show


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


def test_a_silent_stage_shows_that_it_is_alive(screen: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the detail of the moment appears now and then."""
    monkeypatch.setattr("kubequorum_cli.console._HEARTBEAT_SECONDS", 0.01)
    with progress(screen).stage("Wait") as stage:
        stage.detail("for the bus")
        while "for the bus" not in screen.getvalue():
            time.sleep(0.01)
    assert "  0 s  for the bus" in screen.getvalue()


class Recorder(Stage):
    """A stage that only remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.details: list[str] = []

    def line(self, text: str) -> None:
        """Remember a line."""
        self.lines.append(text)

    def detail(self, text: str) -> None:
        """Remember a detail."""
        self.details.append(text)


CDK_OUTPUT = """\
✨  Synthesis time: 3.18s
Small: start: Publishing Small Template (000000000000-us-east-1-4121ec6a)
Small: deploying... [1/2]
Small | 0/3 | 8:07:10 PM | CREATE_IN_PROGRESS   | AWS::S3::Bucket            | B (B08E7C7AF)
Small | 1/3 | 8:07:11 PM | CREATE_FAILED        | AWS::S3::Bucket            | B (B08E7C7AF) it exists
Small |  1 | 8:07:12 PM | ROLLBACK_IN_PROGRESS | AWS::CloudFormation::Stack | Small
 ✅  Other
"""


def test_of_the_cdks_output_stacks_and_failures_stay_and_events_pass_by() -> None:
    """Begin and end of a stack and whatever fails are kept on the screen; everything goes into the log."""
    stage, log = Recorder(), io.StringIO()
    for line in CDK_OUTPUT.splitlines():
        _show(line, stage, log.write)
    assert stage.lines == [
        "Small: deploying... [1/2]",
        "Small 1/3 CREATE_FAILED AWS::S3::Bucket            | B (B08E7C7AF) it exists",
        "Small 1 ROLLBACK_IN_PROGRESS AWS::CloudFormation::Stack | Small",
        "✅  Other",
    ]
    assert any("CREATE_IN_PROGRESS" in detail for detail in stage.details)
    assert log.getvalue() == CDK_OUTPUT
