"""The slot's record: written on condition, and never believed from memory alone."""

import pytest

from kubequorum_node.volume import slot_record, slot_volume
from kubequorum_node.volume.slot_record import FORMING, MEMBER, SlotRecord, SlotRecordError
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

OWN = examples.CONFIG.etcd_volume_id
KEY = "slots/a/record.json"


def _put(node: FakeNode, record: SlotRecord) -> None:
    node.aws.objects[KEY] = record.to_json().encode()


def _record(*, outcome: str = "ready", instance: str = examples.IDENTITY.instance_id) -> SlotRecord:
    return SlotRecord(volume=OWN, generation=2, instance=instance, stage=MEMBER, outcome=outcome)


def _stored(node: FakeNode) -> SlotRecord:
    return SlotRecord.from_json(node.aws.objects[KEY].decode())


def test_a_record_that_was_read_is_changed_without_another_read(node: FakeNode) -> None:
    """The condition detects a change in between: a boot has few calls to spare."""
    _put(node, _record())
    slot_volume.resolve(node)
    slot_record.note(node, "unwell")
    assert _stored(node).outcome == "unwell"
    assert len(node.aws.asked("get_object")) == 1


def test_what_this_host_remembers_does_not_hide_a_change_in_the_bucket(node: FakeNode) -> None:
    """By what it remembers there is nothing to write. Meanwhile somebody has written something else."""
    _put(node, _record())
    slot_volume.resolve(node)
    _put(node, _record(outcome="failed: disk"))
    slot_record.note(node, "ready")
    assert _stored(node).outcome == "ready"


def test_a_record_of_another_instance_is_left_alone(node: FakeNode) -> None:
    """It has the slot now, whatever this host remembers."""
    _put(node, _record())
    slot_volume.resolve(node)
    _put(node, _record(instance="i-0bbbbbbbbbbbbbbbb"))
    with pytest.raises(SlotRecordError, match="not this instance's"):
        slot_record.note(node, "unwell")
    assert _stored(node).outcome == "ready"


def test_a_failure_before_the_first_record_is_not_written(node: FakeNode) -> None:
    """A record would say that the slot has been occupied."""
    slot_record.fail(node, "no network")
    assert node.aws.objects == {}


def test_the_volume_is_resolved_once_a_boot(node: FakeNode) -> None:
    """Later steps and other services read it from the host; a new boot asks the bucket."""
    assert slot_volume.resolved(node) == slot_volume.resolved(node)
    assert len(node.aws.asked("get_object")) == 1
    replaced = SlotRecord(volume="vol-0new", generation=1, instance="i-0", stage=FORMING, replaces=OWN)
    _put(node, replaced)
    assert slot_volume.resolved(node).volume_id == OWN
    assert slot_volume.resolve(node).volume_id == "vol-0new"
    assert slot_volume.resolved(node).volume_id == "vol-0new"
