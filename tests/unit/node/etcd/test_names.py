"""The slot's DNS name is pointed at this instance."""

from dataclasses import replace

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.etcd import names
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.slot_record import FORMING, MEMBER, SlotRecord, SlotRecordError
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

NAME = "etcd-a.ha.kubequorum.internal"
OWN = examples.IDENTITY.address


def test_the_name_gets_this_address_with_a_short_ttl(node: FakeNode) -> None:
    """One UPSERT of an A record, in the hosted zone from user-data."""
    node.host.names[NAME] = {OWN}
    names.point_here(node)
    (change,) = node.aws.asked("change_resource_record_sets")
    assert change["HostedZoneId"] == examples.CONFIG.hosted_zone_id
    assert change["ChangeBatch"]["Changes"] == [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": f"{NAME}.",
                "Type": "A",
                "TTL": 5,
                "ResourceRecords": [{"Value": OWN}],
            },
        }
    ]


def test_the_resolver_is_asked_only_after_route_53_has_applied_the_change(node: FakeNode) -> None:
    """Queried too early, it would cache the old answer."""
    node.aws.changes = ["PENDING", "PENDING", "PENDING", "INSYNC"]
    asked_at: list[int] = []

    def resolve(name: str) -> set[str]:
        asked_at.append(len(node.aws.asked("get_change")))
        return {OWN}

    node.host.resolve = resolve  # type: ignore[method-assign]
    names.point_here(node)
    names.wait_until_here(node)
    assert asked_at == [4]


def test_the_resolver_is_polled_until_the_old_address_has_expired(node: FakeNode) -> None:
    """This host's resolver has the predecessor's address for a while."""
    node.host.names[NAME] = {"10.20.1.4"}

    def expire() -> None:
        if node.clock.now() > 1012:
            node.host.names[NAME] = {OWN}

    node.clock.on_sleep.append(expire)
    names.wait_until_here(node)
    assert node.host.names[NAME] == {OWN}


def test_a_name_that_never_changes_is_an_error_with_its_address(node: FakeNode) -> None:
    """Then this master must not enter service: the others would not find it."""
    node.host.names[NAME] = {"10.20.1.4"}
    with pytest.raises(WaitError, match=rf"{OWN} for {NAME}: .*it returns 10.20.1.4"):
        names.wait_until_here(node)


def test_a_change_that_is_never_applied_is_an_error(node: FakeNode) -> None:
    """In bounded time, with the state that Route 53 reports."""
    node.aws.changes = ["PENDING"]
    names.point_here(node)
    with pytest.raises(WaitError, match="the change is PENDING"):
        names.wait_until_here(node)
    assert len(node.aws.asked("get_change")) < 30


def test_when_all_masters_have_names_nothing_is_waited_for(node: FakeNode) -> None:
    """After a cluster's first minute this is always one call."""
    node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.1.4" for slot in "abc"}
    names.wait_for_peers(node, first_formation=False)
    assert len(node.aws.asked("list_resource_record_sets")) == 1
    assert node.clock.now() == 1000


def test_a_missing_master_does_not_block_the_others(node: FakeNode) -> None:
    """Two of three are a quorum: after a minute they continue."""
    node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.1.4" for slot in "ab"}
    names.wait_for_peers(node, first_formation=False)
    assert 60 <= node.clock.now() - 1000 < 80


def put_record(node: FakeNode, slot: str, **fields: object) -> SlotRecord:
    """The record of a slot whose first master boots, changed as the test says."""
    record = replace(SlotRecord(volume="vol-1", generation=1, instance=f"i-{slot}", stage=FORMING), **fields)  # type: ignore[arg-type]
    node.aws.objects[slot_record.key(slot)] = record.to_json().encode()
    return record


def test_a_name_that_is_pending_is_not_one_yet(node: FakeNode) -> None:
    """Route 53 lists it a minute before its name servers have it: its master says when they do.

    One who asks them in that minute makes the VPC's resolver keep for 300 s that it does not exist.
    """
    node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.1.4" for slot in "abc"}
    put_record(node, "b", name_known=True)
    pending = put_record(node, "c")

    def propagate() -> None:
        if node.clock.now() > 1060:
            put_record(node, "c", **{**vars(pending), "name_known": True})

    node.clock.on_sleep.append(propagate)
    names.wait_for_peers(node, first_formation=True)
    assert 1060 < node.clock.now() < 1080


def test_members_that_have_worked_have_names(node: FakeNode) -> None:
    """A slot that begins late, or whose record an earlier release wrote, waits for nobody."""
    for slot in "bc":
        put_record(node, slot, stage=MEMBER)
    names.wait_for_peers(node, first_formation=True)
    assert node.clock.now() == 1000


def test_a_slot_that_nobody_is_in_does_not_block_a_first_formation(node: FakeNode) -> None:
    """The others are launched one after the other, but not later than that."""
    put_record(node, "b", name_known=True)
    names.wait_for_peers(node, first_formation=True)
    assert 360 <= node.clock.now() - 1000 < 380


def test_a_master_announces_its_name_in_its_own_record_only(node: FakeNode) -> None:
    """A record that is another instance's by now stays as it is."""
    own = put_record(node, "a", instance=node.identity.instance_id)
    names.announce(node)
    record = slot_record.read(node)
    assert record is not None
    assert replace(record, written=own.written) == replace(own, name_known=True)
    other = put_record(node, "a", instance="i-other")
    node.host.path(slot_record._SEEN_FILE).unlink()
    with pytest.raises(SlotRecordError, match="i-other"):
        names.announce(node)
    assert slot_record.read(node) == other
