"""Which copies of programs are in use, and which have not been for so long that they are deleted.

A lifecycle rule cannot know it: it goes by age, and what every boot needs may be a year old. So each slot has
an object that says when its masters last named each sum. What none has named for 30 days is not in use: an
update that is rolled back, or a worker group that follows late, has that long.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from kubequorum_node.aws.state_store import Entry
from kubequorum_node.errors import NodeError
from kubequorum_node.log import info
from kubequorum_node.node import Node
from kubequorum_node.system import program_copies

KEPT = timedelta(days=30)
"""After the last day on which it was named, or after it was written."""
_VERSION = 1
_SHA256_DIGITS = 64
_AT_ONCE = 1000

Uses = dict[str, date]
"""Sum of a program, and the day on which it was last named."""


class UsesError(NodeError):
    """An object does not say which programs a slot uses."""


def key(slot: str) -> str:
    """Of a slot's object in the state bucket."""
    return f"slots/{slot}/programs.json"


def to_json(uses: Mapping[str, date]) -> str:
    """The object."""
    named = {sha256: day.isoformat() for sha256, day in sorted(uses.items())}
    return json.dumps({"version": _VERSION, "named": named}, indent=1) + "\n"


def from_json(text: str) -> Uses:
    """Read what `to_json` wrote.

    Raises:
        UsesError: it is something else, or of another version.

    """
    try:
        document = json.loads(text)
        if document["version"] != _VERSION:
            raise UsesError(f"version {document['version']} of the programs in use is unknown")
        return {str(sha256): date.fromisoformat(day) for sha256, day in document["named"].items()}
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise UsesError(f"the programs in use cannot be read: {error!r}") from error


def name(node: Node, wanted: Iterable[str]) -> None:
    """Say that this slot uses these; what it no longer names is remembered for as long as it counts."""
    today = _now(node).date()
    stored = node.store.get(key(node.slot))
    before = "" if stored is None else stored.text
    try:
        old = from_json(before) if before else {}
    except UsesError:
        # Of another release, or damaged: it is this slot's own, and starts from nothing.
        old = {}
    recent = {sha256: day for sha256, day in old.items() if today - day <= KEPT}
    text = to_json(recent | dict.fromkeys(wanted, today))
    if text != before and (recent or wanted):
        node.store.put(key(node.slot), text)


def delete_unused(node: Node, entries: Iterable[Entry]) -> None:
    """Delete the copies that no slot has named for long.

    Raises:
        UsesError: it is not known what another slot uses: nothing is deleted.

    """
    stored = [node.store.get(key(slot)) for slot in node.etcd_spec.slots]
    last = [from_json(each.text) for each in stored if each is not None]
    gone = unused(entries, last, _now(node))
    for begin in range(0, len(gone), _AT_ONCE):
        node.store.delete(gone[begin : begin + _AT_ONCE])
    if gone:
        info(f"{len(gone)} copies of programs are deleted: no master has named them for {KEPT.days} days")


def unused(entries: Iterable[Entry], uses: Iterable[Mapping[str, date]], now: datetime) -> list[str]:
    """Keys of the copies that are not in use; objects that are no copies are left alone."""
    counts_from = (now - KEPT).date()
    used = {sha256 for of_slot in uses for sha256, day in of_slot.items() if day >= counts_from}
    return [
        entry.key
        for entry in entries
        if _is_copy(entry.key)
        and entry.key.removeprefix(program_copies.PREFIX) not in used
        and now - entry.written > KEPT
    ]


def _is_copy(name_of_object: str) -> bool:
    sha256 = name_of_object.removeprefix(program_copies.PREFIX)
    return len(sha256) == _SHA256_DIGITS and set(sha256) <= set("0123456789abcdef")


def _now(node: Node) -> datetime:
    return datetime.fromtimestamp(node.clock.wall_time(), UTC)
