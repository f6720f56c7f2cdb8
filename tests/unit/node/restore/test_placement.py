"""Room for restored data: copies go first, then what they replace."""

from pathlib import Path

import pytest

from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.restore import placement
from kubequorum_node.restore.placement import NoRoomError
from kubequorum_node.volume import member_data
from kubequorum_node.volume.member_data import KEPT_FOLDER, QUARANTINE_FOLDER
from tests.unit.node.fakes import FakeNode
from tests.unit.node.restore.restoring import DATA, VOLUME, Backups, backups, kept, request

__all__ = ["backups"]

MIB = 1 << 20
COPIES = (f"{QUARANTINE_FOLDER}/member", f"{KEPT_FOLDER.format(1)}/member", f"{KEPT_FOLDER.format(2)}/member")


def _prepare(node: FakeNode, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.db"
    snapshot.write_text("snapshot")
    asked = request(node, 3)
    placement.prepare(node, VOLUME, asked, tools=EtcdTools(host=node.host), snapshot=snapshot)
    placement.put_in_place(node, asked)


@pytest.mark.parametrize("room", [(0, 3), (1, 2), (2, 1), (3, 0)], ids=str)
def test_copies_are_deleted_as_far_as_needed(
    node: FakeNode,
    backups: Backups,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: tuple[int, int],
) -> None:
    """What the others have, too, goes first; then the oldest."""
    missing, left = room
    for copy in COPIES:
        node.host.path(copy).mkdir(parents=True)
    node.host.free_bytes = 200 * MIB - missing * 100 * MIB
    real = member_data.drop_copy

    def drop(node: FakeNode) -> bool:
        assert node.host.free_bytes is not None
        node.host.free_bytes += 100 * MIB
        return real(node)

    monkeypatch.setattr(member_data, "drop_copy", drop)
    _prepare(node, tmp_path)
    assert [copy for copy in COPIES if node.host.path(copy).exists()] == list(COPIES[len(COPIES) - left :])
    assert kept(node, 3) == "old"


def test_a_volume_that_is_too_small_is_an_error(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """With the numbers, and what to change."""
    node.host.free_bytes = 100 * MIB
    with pytest.raises(NoRoomError, match=r"slot a has 100 MiB free, and restore 3 needs 192.*size_gib"):
        _prepare(node, tmp_path)


def test_without_room_for_both_the_old_data_are_deleted(
    node: FakeNode, backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person has decided that they are replaced."""
    monkeypatch.setattr(
        type(node.host),
        "free_bytes",
        property(lambda host: (100 if host.path(DATA).exists() else 500) * MIB, lambda *_: None),
        raising=False,
    )
    _prepare(node, tmp_path)
    assert (node.host.read(DATA), kept(node, 3)) == ("restored from snapshot", None)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"restore": "x"}', "\0"])
def test_a_marker_that_cannot_be_read_is_no_restore(node: FakeNode, text: str) -> None:
    """The data are not trusted then."""
    node.host.write("/var/lib/etcd/restore.json", text)
    assert placement.restore_of(node) == 0
