"""The last quarter of an hour, and what it says of changes."""

from datetime import timedelta

from development.diagrams import example
from kubequorum_cli.picture.changes import between
from kubequorum_cli.picture.history import KEEP, History
from tests.kubequorum_cli.picture.states import BEGIN, MASTER_DEAD, WELL, Clock


def test_only_changes_are_kept() -> None:
    """A look that sees the same confirms the last moment, and makes none."""
    clock = Clock()
    history = History(clock)
    history.add(WELL)
    clock.now += timedelta(seconds=5)
    history.add(WELL)
    (moment,) = history.moments()
    assert (moment.number, moment.at) == (1, BEGIN)
    assert history.status() == {"checked": "2027-01-15T12:00:05.000+00:00", "problem": ""}


def test_what_is_too_old_is_forgotten_but_for_what_the_rest_begins_with() -> None:
    """The left end of the time line needs a picture, too."""
    clock = Clock()
    history = History(clock)
    for picture in (WELL, MASTER_DEAD, WELL):
        history.add(picture)
        clock.now += timedelta(minutes=1)
    clock.now = BEGIN + KEEP + timedelta(seconds=30)
    history.add(WELL)
    assert [moment.number for moment in history.moments()] == [1, 2, 3]
    clock.now = BEGIN + KEEP + timedelta(seconds=60)
    history.add(WELL)
    assert [moment.number for moment in history.moments()] == [2, 3]
    assert history.moment(1) is None
    assert [moment.number for moment in history.moments(after=2)] == [3]


def test_a_failed_look_leaves_the_picture_and_says_why() -> None:
    """Until the next one that succeeds."""
    history = History(Clock())
    history.add(WELL)
    history.fail("nobody answers")
    assert history.status()["problem"] == "nobody answers"
    assert len(history.moments()) == 1
    history.add(WELL)
    assert history.status()["problem"] == ""


def test_a_dead_master_is_described_in_sentences() -> None:
    """Who, which volume, what the load balancer says; and in what the first look sees nothing has changed."""
    sentences = between(WELL, MASTER_DEAD)
    dead, successor = example.MASTERS["b"], example.SUCCESSOR
    assert f"Master b ({dead}): is unhealthy" in sentences
    assert f"Master b ({successor}) has come: starts" in sentences
    assert f"The volume of slot b ({example.VOLUMES['b']}) is detached" in sentences
    assert f"{dead} behind ha-api: unhealthy" in sentences
    assert f"Master b ({successor}) is gone" in between(MASTER_DEAD, WELL)
    assert f"The volume of slot b ({example.VOLUMES['b']}) is attached to {dead}" in between(
        MASTER_DEAD, WELL
    )
    assert between(None, WELL) == []
    assert between(WELL, WELL) == []


def test_a_time_line_counts_what_is_wrong() -> None:
    """Without the pictures: they are fetched one at a time."""
    history = History(Clock())
    history.add(WELL)
    history.add(MASTER_DEAD)
    entries = [moment.entry() for moment in history.moments()]
    assert [entry["bad"] for entry in entries] == [0, 1]
    assert all("picture" not in entry for entry in entries)
    assert history.moments()[1].document()["picture"]["cluster"] == "ha"
