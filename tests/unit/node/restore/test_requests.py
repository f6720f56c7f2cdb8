"""Requests that count, and those that do not: unreadable, gone, forgotten, or in a bucket that refuses."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_node.etcd import membership
from kubequorum_node.restore import placement
from kubequorum_node.restore.settle import settle
from kubequorum_node.volume.restore_request import RequestGoneError, RestoreRequestError, claim_key
from tests.unit.node.fakes import FakeNode
from tests.unit.node.restore.restoring import DATA, VOLUME, Backups, backups, keep_record, request

__all__ = ["backups"]

NEW_DATA = "restored from snapshot 1"


@pytest.mark.parametrize("known", ["record", "volume"])
@pytest.mark.parametrize(("newest", "named"), [(0, "gone"), (1, "1")])
def test_data_of_a_restore_whose_request_is_gone_are_not_used(
    node: FakeNode, backups: Backups, known: str, newest: int, named: str
) -> None:
    """Neither resumed in another cluster, nor replaced."""
    if known == "record":
        keep_record(node, restore=2)
    else:
        placement.note(node, 2)
    if newest:
        request(node, newest)
    with pytest.raises(RequestGoneError, match=rf"come from restore 2.*newest request .* is {named}"):
        settle(node, VOLUME)
    assert node.host.read(DATA) == "old"


def test_a_request_that_cannot_be_read(node: FakeNode, backups: Backups) -> None:
    """Nothing is changed; the key is named."""
    node.aws.objects["restores/requests/000001.json"] = b"{}"
    with pytest.raises(RestoreRequestError, match=r"restores/requests/000001.json .*request another restore"):
        settle(node, VOLUME)
    node.aws.objects["restores/requests/000001.json"] = json.dumps({"version": 3}).encode()
    with pytest.raises(RestoreRequestError, match=r"version 3.*reads 1 and 2 only"):
        settle(node, VOLUME)
    assert node.host.read(DATA) == "old"


def test_a_bucket_that_refuses_changes_nothing(node: FakeNode, backups: Backups) -> None:
    """A master that cannot read the requests does not know whether its data may be used."""
    node.aws.fail("list_objects_v2", "AccessDenied", times=20)
    with pytest.raises(Exception, match="AccessDenied"):
        settle(node, VOLUME)
    assert (node.host.read(DATA), membership.settled(node).restore) == ("old", 0)


@pytest.mark.parametrize("begun", [False, True])
def test_a_forgotten_request_expires(node: FakeNode, backups: Backups, begun: bool) -> None:
    """Weeks later a deployment must not turn data back; where one master has begun, the others follow."""
    request(node)
    node.aws.written["restores/requests/000001.json"] = _now(node) - timedelta(hours=25)
    if begun:
        node.aws.objects[claim_key(1)] = b"a"
    settle(node, VOLUME)
    assert node.host.read(DATA) == (NEW_DATA if begun else "old")


def test_behind_a_forgotten_request_the_one_before_counts(node: FakeNode, backups: Backups) -> None:
    """The cluster runs on that one."""
    request(node)
    settle(node, VOLUME)
    request(node, 2)
    for number in (1, 2):
        node.aws.written[f"restores/requests/{number:06d}.json"] = _now(node) - timedelta(hours=25)
    assert settle(node, VOLUME).restore == 1


def _now(node: FakeNode) -> datetime:
    return datetime.fromtimestamp(node.clock.wall_time(), UTC)
