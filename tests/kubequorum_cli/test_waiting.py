"""Waits of the command line: they end, and report what is missing."""

import io
import time

import pytest
from rich.console import Console

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError
from kubequorum_cli.waiting import wait_until_complete


@pytest.fixture
def stage() -> Stage:
    """A stage without a screen."""
    return Stage(Console(file=io.StringIO()), "Wait")


def test_it_ends_when_nothing_is_missing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polled until then, with pauses; what is missing is shown in the meantime."""
    answers: list[list[str]] = [["a", "b"], ["b"], []]
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    wait_until_complete(lambda: answers.pop(0), stage, seconds=60, what="not all there", remedy="look")
    assert answers == []
    assert len(pauses) == 2
    assert stage._detail == "b"


def test_its_end_names_what_is_missing(stage: Stage) -> None:
    """What was not so in time, each thing that was missing last, and what to do."""
    with pytest.raises(CommandError, match="not all there after 0 s") as raised:
        wait_until_complete(lambda: ["a", "b"], stage, seconds=0, what="not all there", remedy="look")
    assert raised.value.why == "a\nb"
    assert raised.value.remedy == "look"
