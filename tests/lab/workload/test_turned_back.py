"""What a restore may lose and what not, with histories written by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.workload import TurnedBack, Verdict, allow, judge
from tests.lab.workload.test_judge import last, put, read, swap

SECOND = 1_000_000_000
LOST = TurnedBack(promised=100.0, served=150.0)
Judge = Callable[..., Verdict]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Judge operations around a loss; their times are seconds."""

    def call(*operations: dict[str, Any]) -> Verdict:
        history, allowed = tmp_path / "history.jsonl", tmp_path / "allowed.jsonl"
        scaled = [
            {**one, "call": one["call"] * SECOND, "return": one["return"] * SECOND} for one in operations
        ]
        history.write_text("".join(json.dumps(operation) + "\n" for operation in scaled), "utf-8")
        allow(history, LOST, allowed)
        return judge(allowed)

    return call


@pytest.mark.parametrize("left", ["1", "2", "3"])
def test_writes_of_the_last_seconds_may_be_lost_or_not(judged: Judge, left: str) -> None:
    """Also those that a client had read already."""
    seen = read("3", 107, 108, client="c1")
    verdict = judged(put("1", 90, 99), put("2", 100, 101), swap("2", "3", 105, 106), seen, last(left))
    assert verdict.complaints() == []
    assert (verdict.acknowledged, verdict.unknown) == (1, 2)


def test_what_was_promised_must_be_there(judged: Judge) -> None:
    """A write that was acknowledged before counts, and so does one of the restored cluster."""
    before = judged(put("1", 10, 20), put("2", 90, 99), put("3", 105, 106), last("1"))
    assert before.writes_lost == 1
    behind = judged(put("1", 90, 99), put("2", 149, 151), last("1"))
    assert behind.writes_lost == 1
    assert not before.linearizable
    assert not behind.linearizable


def test_reads_of_the_restored_cluster_count(judged: Judge) -> None:
    """What an old master still serves would be seen."""
    stale = read("1", 160, 161, client="c1")
    verdict = judged(put("1", 90, 99), put("2", 151, 152), stale, last("2"))
    assert verdict.stale_reads == 1


def test_values_that_nobody_wrote_are_found(judged: Judge) -> None:
    """A restore that mixes up data."""
    assert judged(put("1", 90, 99), last("9")).invented_reads == 1


def test_a_write_that_was_turned_back_does_not_reappear(judged: Judge) -> None:
    """Once something else was written over it."""
    again = (read("1", 152, 153), put("3", 155, 156), read("2", 160, 161))
    assert not judged(put("1", 90, 99), put("2", 101, 102), *again, last("3")).linearizable
