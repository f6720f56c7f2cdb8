"""Replaying: what does not continue what was applied is refused, and large revisions are applied in parts."""

from typing import Any, cast

import pytest

from kubequorum_node.backup.changes import Event, Revision
from kubequorum_node.backup.errors import BackupError, EtcdRefusedError
from kubequorum_node.backup.gateway import Gateway
from kubequorum_node.backup.log_object import LogObject
from kubequorum_node.backup.replay import Replay


class RecordingGateway:
    """Takes transactions, and answers reads from what was put."""

    def __init__(self) -> None:
        self.transactions: list[list[dict[str, Any]]] = []
        self.granted: dict[int, int] = {}
        self.values: dict[str, str] = {}

    def leases(self) -> list[int]:
        """Ids of leases."""
        return list(self.granted)

    def grant_lease(self, seconds: int, *, lease: int) -> int:
        """Make a lease."""
        self.granted[lease] = seconds
        return lease

    def txn(self, *, success: list[dict[str, Any]]) -> dict[str, Any]:
        """Run a transaction; it needs the leases that it names."""
        wanted = {int(operation.get("request_put", {}).get("lease", 0)) for operation in success} - {0}
        if not wanted <= self.granted.keys():
            raise EtcdRefusedError("etcdserver: requested lease not found")
        self.transactions.append(success)
        responses = []
        for operation in success:
            if put := operation.get("request_put"):
                self.values[put["key"]] = put["value"]
            elif deletion := operation.get("request_delete_range"):
                self.values.pop(deletion["key"], None)
            else:
                key = operation["request_range"]["key"]
                found = [{"key": key, "value": self.values[key]}] if key in self.values else []
                responses.append({"response_range": {"kvs": found}})
        return {"responses": responses}


def log_of(*numbers: int, events: tuple[Event, ...] = (Event(key="a2V5", value="dg=="),)) -> LogObject:
    """A log object with some revisions."""
    return LogObject(
        first=numbers[0],
        last=numbers[-1],
        cluster_id="abc",
        writer="a",
        written=0.0,
        leases={7: 3600},
        revisions=tuple(Revision(number=number, events=events, seen=0.0) for number in numbers),
    )


@pytest.fixture
def gateway() -> RecordingGateway:
    """A private etcd."""
    return RecordingGateway()


@pytest.fixture
def replay(gateway: RecordingGateway) -> Replay:
    """A replay behind revision 10."""
    return Replay(cast("Gateway", gateway), after=10)


def test_what_was_applied_is_not_applied_twice(replay: Replay, gateway: RecordingGateway) -> None:
    """A log object may begin before the snapshot's revision."""
    replay.apply(log_of(9, 10, 11, 12))
    assert len(gateway.transactions) == 2
    assert replay.revision == 12


def test_a_hole_is_refused(replay: Replay, gateway: RecordingGateway) -> None:
    """Nothing behind it is applied."""
    with pytest.raises(BackupError, match="revisions 11 to 11 are missing"):
        replay.apply(log_of(12, 13))
    assert gateway.transactions == []


def test_it_ends_where_it_is_wanted(replay: Replay) -> None:
    """In the middle of an object, too."""
    replay.apply(log_of(11, 12, 13), until=12)
    assert replay.revision == 12


def test_leases_have_their_seconds(replay: Replay, gateway: RecordingGateway) -> None:
    """An unknown one ends soon: its keys must not stay for ever."""
    events = (Event(key="YQ==", value="", lease=7), Event(key="Yg==", value="", lease=8))
    replay.apply(log_of(11, events=events))
    assert gateway.granted == {7: 3600, 8: 60}


def test_a_lease_that_has_ended_meanwhile_is_made_again(replay: Replay, gateway: RecordingGateway) -> None:
    """In the living cluster it had not ended yet."""
    replay.apply(log_of(11, events=(Event(key="YQ==", value="", lease=7),)))
    gateway.granted.clear()
    replay.apply(log_of(12, events=(Event(key="Yg==", value="", lease=7),)))
    assert gateway.granted == {7: 3600}
    assert gateway.values.keys() == {"YQ==", "Yg=="}


def test_a_large_revision_is_applied_in_parts(replay: Replay, gateway: RecordingGateway) -> None:
    """By size and by number of keys."""
    large = tuple(Event(key=f"{number}", value="x" * (4 << 20)) for number in range(3))
    many = tuple(Event(key=f"many-{number}", value=None) for number in range(5001))
    replay.apply(log_of(11, events=large))
    replay.apply(log_of(12, events=many))
    assert [len(each) for each in gateway.transactions] == [1, 1, 1, 5000, 1]


def test_what_is_not_there_in_the_end_is_noticed(replay: Replay, gateway: RecordingGateway) -> None:
    """A change that was lost, and a deletion that was."""
    replay.apply(log_of(11))
    assert replay.check() == 1
    gateway.values["a2V5"] = "b3RoZXI="
    with pytest.raises(BackupError, match="key is not what the log made of it"):
        replay.check()
    replay.apply(log_of(12, events=(Event(key="a2V5", value=None),)))
    gateway.values["a2V5"] = ""
    with pytest.raises(BackupError, match="key is not what the log made of it"):
        replay.check()
