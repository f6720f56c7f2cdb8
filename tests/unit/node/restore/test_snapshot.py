"""The snapshot of a restore is rebuilt by one master, uploaded once, and used by all."""

from pathlib import Path

import pytest

from kubequorum_node.backup.tools import EtcdTools
from kubequorum_node.restore import adoption
from kubequorum_node.restore.snapshot import obtain, snapshot_key
from kubequorum_node.volume.restore_request import RestoreRequest, claim_key
from tests.unit.node.fakes import FakeNode
from tests.unit.node.restore.restoring import Backups, backups, request

__all__ = ["backups"]


def _obtain(node: FakeNode, asked: RestoreRequest, tmp_path: Path) -> str:
    return obtain(node, asked, tools=EtcdTools(host=node.host), folder=tmp_path).read_text()


def test_it_is_rebuilt_and_uploaded(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """With what is in it, for people; a condition lets it be written once."""
    backups.left_out = ("backups/000001/log-9: damaged \u2013 \u00e9",)
    assert _obtain(node, request(node), tmp_path) == "snapshot 1"
    assert node.aws.objects[snapshot_key(1)] == b"snapshot 1"
    sent = node.aws.asked("put_object")[-1]
    assert sent["IfNoneMatch"] == "*"
    assert (sent["Metadata"]["revision"], sent["Metadata"]["seen"]) == ("40", "1.500")
    assert "damaged" in sent["Metadata"]["left-out"]
    assert all(value.isascii() for value in sent["Metadata"].values())


@pytest.mark.parametrize(("or_newer", "until"), [(True, None), (False, 40)])
def test_what_is_rebuilt(
    node: FakeNode, backups: Backups, tmp_path: Path, or_newer: bool, until: int | None
) -> None:
    """All that there is, or up to a revision; less where the chain is damaged before."""
    _obtain(node, request(node, generation=3, or_newer=or_newer), tmp_path)
    (asked,) = backups.asked
    assert (asked["generation"], asked["until"], asked["or_less"]) == (3, until, True)


def test_one_that_is_there_is_used(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """Nothing is rebuilt."""
    node.aws.objects[snapshot_key(1)] = b"of another"
    assert _obtain(node, request(node), tmp_path) == "of another"
    assert backups.asked == []


def test_another_master_that_rebuilds_is_waited_for(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """It has claimed that."""
    node.aws.objects[claim_key(1)] = b"b"
    begin = node.clock.now()

    def finish() -> None:
        if node.clock.now() > begin + 30:
            node.aws.objects[snapshot_key(1)] = b"of slot b"

    node.clock.on_sleep.append(finish)
    assert _obtain(node, request(node), tmp_path) == "of slot b"
    assert backups.asked == []


def test_another_master_that_died_is_not_waited_for_forever(
    node: FakeNode, backups: Backups, tmp_path: Path
) -> None:
    """After a minute and a half it is rebuilt here."""
    node.aws.objects[claim_key(1)] = b"b"
    begin = node.clock.now()
    assert _obtain(node, request(node), tmp_path) == "snapshot 1"
    assert 80 < node.clock.now() - begin < 120


def test_a_master_continues_after_its_own_crash(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """Its claim of before does not make it wait for itself."""
    node.aws.objects[claim_key(1)] = b"a"
    begin = node.clock.now()
    assert _obtain(node, request(node), tmp_path) == "snapshot 1"
    assert node.clock.now() == begin


def test_of_two_that_rebuild_one_snapshot_counts(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """The first in the bucket: members with different data would not be one cluster."""

    def overtake() -> None:
        node.aws.objects[snapshot_key(1)] = b"of slot b"

    node.aws.first("put_object", lambda: None)
    node.aws.first("put_object", overtake)
    assert _obtain(node, request(node), tmp_path) == "of slot b"
    assert len(backups.asked) == 1


def test_what_is_the_others_identity_is_not_in_it(node: FakeNode, backups: Backups, tmp_path: Path) -> None:
    """Only where the backups are another cluster's: they are read from their own place in the bucket."""
    _obtain(node, request(node, 1), tmp_path)
    assert backups.forgotten == []
    _obtain(node, request(node, 2, source="restores/sources/000002-x/", version=2), tmp_path)
    assert set(backups.forgotten) == {prefix.decode() for prefix in adoption.FORGOTTEN}
    assert backups.noted == {adoption.NOTE: "2"}
    node.aws.objects["restores/sources/000002-x/backups/000001/full-1"] = b"copied"
    first, second = (asked["bucket"].read("backups/000001/full-1") for asked in backups.asked)
    assert (first, second) == (None, b"copied")
