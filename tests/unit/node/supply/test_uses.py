"""Which copies of programs are deleted: those that no slot has named for a month, and nothing else."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from kubequorum_node.aws.state_store import Entry
from kubequorum_node.supply import uses
from kubequorum_node.supply.uses import UsesError
from tests.unit.node.fakes import FakeNode

NOW = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
SUM, OTHER = "a" * 64, "b" * 64


def _copy(*, days: float, key: str = f"programs/{SUM}") -> Entry:
    return Entry(key=key, size_bytes=1, written=NOW - timedelta(days=days))


@pytest.mark.parametrize(
    ("days_old", "named", "goes"),
    [
        (400, [], True),
        (31, [], True),
        # Just put: who did has not said so yet, or it is of a release that only one master has.
        (29, [], False),
        (400, [0], False),
        (400, [30], False),
        (400, [31], True),
        # One slot has another release already.
        (400, [31, 1], False),
    ],
)
def test_what_no_slot_has_named_for_a_month_goes(days_old: float, named: list[int], goes: bool) -> None:
    """However old it is: what every boot needs may be a year old."""
    last = [{SUM: (NOW - timedelta(days=days)).date()} for days in named]
    found = uses.unused([_copy(days=days_old)], [*last, {OTHER: NOW.date()}], NOW)
    assert found == ([f"programs/{SUM}"] if goes else [])


@pytest.mark.parametrize("key", ["programs/README", "programs/", f"programs/{'A' * 64}", f"programs/{SUM}/x"])
def test_what_is_no_copy_stays(key: str) -> None:
    """A person put it there."""
    assert uses.unused([_copy(days=400, key=key)], [], NOW) == []


def test_a_slot_remembers_what_it_named_for_as_long_as_that_counts(node: FakeNode) -> None:
    """The day is that of the last turn in which it was named."""
    today = datetime.fromtimestamp(node.clock.wall_time(), UTC).date()
    before = {SUM: today - timedelta(days=30), OTHER: today - timedelta(days=31), "c": date(2020, 1, 1)}
    node.aws.objects["slots/a/programs.json"] = uses.to_json(before).encode()
    uses.name(node, ["d"])
    document = json.loads(node.aws.objects["slots/a/programs.json"])
    assert document == {"version": 1, "named": {SUM: before[SUM].isoformat(), "d": today.isoformat()}}


def test_a_slot_writes_once_a_day(node: FakeNode) -> None:
    """And not at all if it has never used any."""
    uses.name(node, [])
    assert node.aws.asked("put_object") == []
    for _ in range(3):
        uses.name(node, [SUM])
    assert len(node.aws.asked("put_object")) == 1
    node.clock.seconds += 86400
    uses.name(node, [SUM])
    assert len(node.aws.asked("put_object")) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "named": {"x": 1}}', '{"version": 2}'])
def test_what_another_slot_uses_must_be_known(node: FakeNode, text: str) -> None:
    """Otherwise nothing is deleted. A slot's own object is replaced."""
    node.aws.objects["slots/b/programs.json"] = text.encode()
    with pytest.raises(UsesError):
        uses.delete_unused(node, [_copy(days=4000)])
    assert node.aws.asked("delete_objects") == []
    node.aws.objects["slots/a/programs.json"] = text.encode()
    uses.name(node, [SUM])
    assert list(uses.from_json(node.aws.objects["slots/a/programs.json"].decode())) == [SUM]
