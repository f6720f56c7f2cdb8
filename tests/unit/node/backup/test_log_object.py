"""Log objects: what is written is read, and nothing else is taken for one."""

import gzip
import json
from typing import Any

import pytest

from kubequorum_node.backup import log_object
from kubequorum_node.backup.changes import Event, Revision, joined
from kubequorum_node.backup.errors import DamagedError, HoleError

REVISIONS = tuple(
    Revision(
        number=number,
        seen=1000.5 + number,
        events=(Event(key="a2V5", value="dmFsdWU=", lease=7), Event(key="Z29uZQ==", value=None)),
    )
    for number in (11, 12, 13)
)


def encoded(revisions: tuple[Revision, ...] = REVISIONS, **changes: Any) -> bytes:
    """A log object."""
    values: dict[str, Any] = {
        "events": sum(len(revision.events) for revision in revisions),
        "cluster_id": "abc",
        "writer": "b",
        "written": 2000.0,
        "leases": {7: 60},
    }
    lines = [(revision.number, revision.to_line()) for revision in revisions]
    return log_object.encode(lines, **(values | changes))


def changed(data: bytes, old: str, new: str) -> bytes:
    """The object with another text."""
    text = gzip.decompress(data).decode()
    assert old in text
    return gzip.compress(text.replace(old, new, 1).encode())


def test_what_is_written_is_read() -> None:
    """All of it."""
    found = log_object.decode(encoded(), first=11)
    assert found.revisions == REVISIONS
    assert (found.first, found.last, found.writer, found.cluster_id) == (11, 13, "b", "abc")
    assert found.leases == {7: 60}


def test_every_changed_byte_is_noticed() -> None:
    """In the compressed bytes as a disk or a network changes them."""
    data = encoded()
    for place in range(10, len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0x20
        try:
            found = log_object.decode(bytes(damaged), first=11)
        except DamagedError:
            continue
        # Bytes of gzip's header and padding mean nothing.
        assert found.revisions == REVISIONS


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(encoded()[:-30], id="cut off"),
        pytest.param(b"not gzip at all", id="something else"),
        pytest.param(gzip.compress(b"{}\n{}\n"), id="no header"),
        pytest.param(changed(encoded(), "dmFsdWU=", "b3RoZXI="), id="another value"),
        pytest.param(changed(encoded(), log_object.FORMAT, "kubequorum-etcd-log/9"), id="another format"),
        pytest.param(encoded((REVISIONS[0], REVISIONS[2])), id="a hole inside"),
        pytest.param(encoded(events=5), id="another count"),
    ],
)
def test_what_is_damaged_is_refused(data: bytes) -> None:
    """With the error that leads to another object."""
    with pytest.raises(DamagedError):
        log_object.decode(data, first=11)


def test_an_object_under_another_name_is_refused() -> None:
    """Its place in the chain is its name."""
    with pytest.raises(DamagedError, match="its name says revision 10, and it begins with 11"):
        log_object.decode(encoded(), first=10)


def response(*events: tuple[int, str], fragment: bool = False) -> dict[str, Any]:
    """A watch response with a put for each revision and key."""
    kvs = [{"kv": {"key": key, "mod_revision": str(revision), "value": "dg=="}} for revision, key in events]
    return {"events": kvs} | ({"fragment": True} if fragment else {})


def test_revisions_are_whole_however_etcd_sends_them() -> None:
    """Several in one response, and one in several."""
    responses = [
        {"created": True},
        response((6, "a"), (6, "b"), (7, "a"), fragment=True),
        response((7, "b"), fragment=True),
        response((7, "c")),
        response((8, "a")),
    ]
    found = list(joined(responses, after=5, now=lambda: 1.0))
    assert [(each.number, [event.key for event in each.events]) for each in found] == [
        (6, ["a", "b"]),
        (7, ["a", "b", "c"]),
        (8, ["a"]),
    ]


@pytest.mark.parametrize("first", [7, 5])
def test_a_gap_in_a_watch_is_a_hole(first: int) -> None:
    """A revision too many, or one that was there already: the log would not be a history."""
    with pytest.raises(HoleError, match=f"from revision 5 to {first}"):
        list(joined([response((first, "a"))], after=5, now=lambda: 1.0))


def test_a_line_is_json_that_anybody_can_read() -> None:
    """The format is documented, and other programs may read it."""
    line = json.loads(REVISIONS[0].to_line())
    assert line == {
        "revision": 11,
        "seen": 1011.5,
        "events": [{"put": "a2V5", "value": "dmFsdWU=", "lease": 7}, {"delete": "Z29uZQ=="}],
    }
