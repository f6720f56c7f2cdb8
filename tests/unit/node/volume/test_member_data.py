"""Unusable data are quarantined once, if there is room, and deleted when their room is needed."""

from collections.abc import Callable

import pytest

from kubequorum_node.volume import member_data
from tests.unit.node.fakes import FakeNode

MEMBER = "/var/lib/etcd/data/member"
QUARANTINE = "/var/lib/etcd/quarantine"
MIB = 1 << 20


@pytest.fixture
def put(node: FakeNode) -> Callable[[bytes], None]:
    """Writes a member's data."""

    def write(content: bytes) -> None:
        wal = node.host.path(f"{MEMBER}/wal/0.wal")
        wal.parent.mkdir(parents=True, exist_ok=True)
        wal.write_bytes(content)

    return write


def test_data_are_quarantined_once(node: FakeNode, put: Callable[[bytes], None]) -> None:
    """The newest: an older copy is deleted."""
    put(b"first")
    member_data.quarantine(node)
    put(b"second")
    member_data.quarantine(node)
    assert not node.host.path(MEMBER).exists()
    assert node.host.path(f"{QUARANTINE}/member/wal/0.wal").read_bytes() == b"second"
    assert node.host.path(QUARANTINE).stat().st_mode & 0o077 == 0


def test_without_room_nothing_is_quarantined(node: FakeNode, put: Callable[[bytes], None]) -> None:
    """The member's new data need it."""
    put(b"x" * 4 * MIB)
    node.host.free_bytes = 7 * MIB
    member_data.quarantine(node)
    assert not node.host.path(MEMBER).exists()
    assert not node.host.path(QUARANTINE).exists()


def test_nothing_to_quarantine_keeps_the_copy(node: FakeNode, put: Callable[[bytes], None]) -> None:
    """A crash came right after the data were moved: repeated, it must not lose them."""
    put(b"first")
    member_data.quarantine(node)
    member_data.quarantine(node)
    assert node.host.path(f"{QUARANTINE}/member/wal/0.wal").read_bytes() == b"first"


def test_copies_are_deleted_on_request_and_never_the_members_data(
    node: FakeNode, put: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of each restore, and what is quarantined."""
    put(b"first")
    member_data.keep(node, restore=1)
    put(b"second")
    member_data.keep(node, restore=12)
    put(b"third")
    member_data.quarantine(node)
    put(b"in use")
    member_data.delete_copies(node)
    assert [path.name for path in node.host.path("/var/lib/etcd").iterdir()] == ["data"]
    assert node.host.path(f"{MEMBER}/wal/0.wal").read_bytes() == b"in use"
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == [
        "deleted before-restore-000001",
        "deleted before-restore-000012",
        "deleted quarantine",
    ]
    member_data.delete_copies(node)
    assert capsys.readouterr().out == "nothing is kept on this volume but the member's data\n"


def test_a_copy_is_dropped_when_its_room_is_needed(node: FakeNode, put: Callable[[bytes], None]) -> None:
    """It returns whether there was one."""
    assert member_data.drop_quarantine(node) is False
    put(b"first")
    member_data.quarantine(node)
    assert member_data.drop_quarantine(node) is True
    assert not node.host.path(QUARANTINE).exists()


def test_reading_ahead_changes_nothing(node: FakeNode) -> None:
    """It is an optimisation: a member without a database is not a failure."""
    database = node.host.path(f"{MEMBER}/snap/db")
    member_data._read_ahead(database)
    database.parent.mkdir(parents=True)
    database.write_bytes(b"x" * 8192)
    member_data._read_ahead(database)
    member_data.read_ahead(node)
    assert database.read_bytes() == b"x" * 8192
