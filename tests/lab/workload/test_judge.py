"""The judge, with histories written by hand: what it must accept, and what it must find."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.workload import Verdict, judge

Judge = Callable[..., Verdict]
END = 1000


def _operation(kind: str, call: int, until: int, **more: Any) -> dict[str, Any]:
    common = {"client": "c0", "target": "etcd", "key": "k", "outcome": "done"}
    return {**common, "kind": kind, "call": call, "return": until, **more}


def put(value: str, call: int, until: int, **more: Any) -> dict[str, Any]:
    """A write."""
    return _operation("put", call, until, argument=value, **more)


def read(value: str, call: int, until: int, **more: Any) -> dict[str, Any]:
    """A read."""
    return _operation("read", call, until, result=value, **more)


def swap(expected: str, value: str, call: int, until: int, **more: Any) -> dict[str, Any]:
    """A compare-and-swap that succeeded."""
    return _operation("swap", call, until, expected=expected, argument=value, **{"swapped": True, **more})


def last(value: str) -> dict[str, Any]:
    """The last read of the key."""
    return read(value, END, END + 1, final=True)


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Judge operations."""

    def call(*operations: dict[str, Any]) -> Verdict:
        history = tmp_path / "history.jsonl"
        history.write_text("".join(json.dumps(operation) + "\n" for operation in operations), "utf-8")
        return judge(history)

    return call


def test_a_good_history(judged: Judge) -> None:
    """Writes, reads and swaps that overlap as those of real clients do."""
    verdict = judged(
        swap("", "1", 0, 10),
        put("2", 5, 20, client="c1"),
        read("2", 21, 22),
        swap("2", "3", 23, 24),
        swap("2", "4", 25, 26, swapped=False),
        last("3"),
    )
    assert verdict.linearizable
    assert verdict.complaints() == []
    assert (verdict.acknowledged, verdict.unknown, verdict.operations) == (3, 0, 6)


def test_a_lost_write(judged: Judge) -> None:
    """Acknowledged, and gone at the end."""
    verdict = judged(put("1", 0, 10), put("2", 20, 30), put("3", 40, 50), last("1"))
    assert not verdict.linearizable
    assert verdict.illegal_keys == ("etcd/k",)
    assert verdict.writes_lost == 2


def test_everything_lost(judged: Judge) -> None:
    """A key that was written does not exist at the end."""
    verdict = judged(put("1", 0, 10), last(""))
    assert not verdict.linearizable
    assert verdict.writes_lost == 1


def test_a_stale_read(judged: Judge) -> None:
    """A read that began after a write was acknowledged returns the value before it."""
    verdict = judged(put("1", 0, 10), put("2", 20, 30), read("1", 31, 40, client="c1"), last("2"))
    assert not verdict.linearizable
    assert (verdict.stale_reads, verdict.writes_lost) == (1, 0)


def test_a_read_during_a_write_may_return_either_value(judged: Judge) -> None:
    """The old value is right until the write is acknowledged, but not once a client has read the new one."""
    during = put("2", 20, 30)
    old, new = read("1", 21, 22, client="c1"), read("2", 23, 24, client="c2")
    assert judged(put("1", 0, 10), during, old, new, last("2")).linearizable
    later = read("1", 25, 26, client="c1")
    assert not judged(put("1", 0, 10), during, new, later, last("2")).linearizable


@pytest.mark.parametrize("left", ["1", "2"])
def test_an_unknown_write_happened_or_not(judged: Judge, left: str) -> None:
    """A write without an answer may be in the final state or not; neither is a loss."""
    verdict = judged(put("1", 0, 10), put("2", 20, 30, outcome="unknown"), last(left))
    assert verdict.linearizable
    assert (verdict.writes_lost, verdict.unknown) == (0, 1)


def test_an_unknown_write_happens_once(judged: Judge) -> None:
    """It may happen late, but its value does not reappear after it was overwritten."""
    unknown = put("2", 20, 30, outcome="unknown")
    late = (read("1", 40, 41), read("2", 50, 51))
    assert judged(put("1", 0, 10), unknown, *late, last("2")).linearizable
    again = (read("2", 40, 41), put("3", 42, 43), read("2", 50, 51))
    assert not judged(put("1", 0, 10), unknown, *again, last("2")).linearizable


def test_an_unknown_swap_happens_only_on_what_it_expects(judged: Judge) -> None:
    """Its value cannot appear if the value that it expected never reappeared."""
    unknown = swap("1", "2", 20, 30, outcome="unknown", swapped=False)
    assert judged(put("1", 0, 10), unknown, last("2")).linearizable
    assert not judged(put("1", 0, 10), put("3", 11, 12), unknown, last("2")).linearizable


def test_an_unseen_write_may_be_why_a_swap_was_refused(judged: Judge) -> None:
    """No client has read its value, but without it the refusal would be wrong."""
    refused = (swap("1", "3", 40, 50, swapped=False), put("4", 60, 70))
    assert judged(put("1", 0, 10), put("2", 20, 30, outcome="unknown"), *refused, last("4")).linearizable
    assert not judged(put("1", 0, 10), *refused, last("4")).linearizable


def test_an_outage_with_hundreds_of_unknown_writes_is_decided(judged: Judge) -> None:
    """Each of them may have happened at any time, and a loss is still found."""
    outage = [put(f"u{i}", 20 + i, 21 + i, outcome="unknown", client=f"c{i % 6}") for i in range(400)]
    good = judged(put("1", 0, 10), *outage, read("u7", 700, 701), put("2", 800, 801), last("2"))
    assert good.linearizable
    bad = judged(put("1", 0, 10), *outage, put("2", 800, 801), last("1"))
    assert (bad.linearizable, bad.writes_lost) == (False, 1)


def test_a_swap_that_should_have_been_refused(judged: Judge) -> None:
    """Two clients swap the same value: one of them must be refused."""
    both = (swap("1", "2", 20, 30), swap("1", "3", 21, 31, client="c1"))
    assert not judged(put("1", 0, 10), *both, last("3")).linearizable
    one = (swap("1", "2", 20, 30), swap("1", "3", 21, 31, client="c1", swapped=False))
    assert judged(put("1", 0, 10), *one, last("2")).linearizable


def test_what_failed_for_certain_did_not_happen(judged: Judge) -> None:
    """The value of a refused write must never be read."""
    verdict = judged(put("1", 0, 10), put("2", 20, 30, outcome="failed"), read("2", 40, 41), last("1"))
    assert not verdict.linearizable
    assert verdict.invented_reads == 1


def test_a_key_without_a_last_read(judged: Judge) -> None:
    """Whether it was lost is not known, and that is reported."""
    verdict = judged(put("1", 0, 10))
    assert verdict.unread_keys == ("etcd/k",)
    assert verdict.complaints()


def test_gaps(judged: Judge) -> None:
    """One client could not write for 7 s while another one could; no client could for 4 s."""
    second = 1_000_000_000
    verdict = judged(
        put("1", 0, second),
        put("2", 2 * second, 4 * second, outcome="unknown"),
        read("", 4 * second, 6 * second, outcome="unknown"),
        put("3", 8 * second, 9 * second),
        put("4", 4 * second, 5 * second, client="c1", key="l"),
        put("5", 8 * second, 9 * second, client="c1", key="l"),
        # The last reads are not the service that is measured.
        read("3", 90 * second, 91 * second, final=True),
        read("5", 90 * second, 91 * second, final=True, key="l"),
    )
    service = verdict.targets["etcd"]
    assert (service.gap_seconds, service.gap_begin) == (7, 2)
    assert (service.silence_seconds, service.silence_begin) == (4, 1)
    assert service.acknowledged == 4


def test_a_gap_without_an_end(judged: Judge) -> None:
    """The gap of a client that could not write again lasts until the end."""
    second = 1_000_000_000
    verdict = judged(
        put("1", 0, second), put("2", 2 * second, 4 * second, outcome="unknown"),
        put("3", 4 * second, 6 * second, outcome="unknown"), last("1"),
    )  # fmt: skip
    assert verdict.targets["etcd"].gap_seconds == 4


def test_a_file_that_is_not_a_history(tmp_path: Path) -> None:
    """Another file is not accepted as a history without problems."""
    path = tmp_path / "no-history"
    path.write_text('{"client": "c0"}\n', encoding="utf-8")
    with pytest.raises(RuntimeError, match="outcome"):
        judge(path)
