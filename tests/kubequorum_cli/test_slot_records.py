"""Slot records as masters write them, and other names that masters and the operator's program share."""

import pytest

from kubequorum import tags
from kubequorum_cli import resources, slot_records
from kubequorum_cli.errors import CommandError
from kubequorum_cli.validate import masters
from kubequorum_node.volume import slot_record
from tests.kubequorum_cli.backups.bucket_stub import BUCKET, ObjectsInMemory


def test_a_record_of_a_master_is_read() -> None:
    """All that is needed of it."""
    written = slot_record.SlotRecord(
        volume="vol-1",
        generation=3,
        instance="i-1",
        stage=slot_record.MEMBER,
        outcome="unwell: full",
        restore=2,
    )
    s3 = ObjectsInMemory()
    s3.put(slot_record.key("b"), written.to_json().encode(), minutes=0)
    assert slot_records.read(s3, BUCKET, "b") == slot_records.SlotRecord(
        instance="i-1", restore=2, outcome="unwell: full", volume="vol-1", stage="member"
    )
    assert slot_records.read(s3, BUCKET, "a") is None


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b'{"instance": "i-1"}'])
def test_a_record_that_is_unreadable_is_named(body: bytes) -> None:
    """With what can be done."""
    s3 = ObjectsInMemory()
    s3.put(slot_record.key("a"), body, minutes=0)
    with pytest.raises(CommandError, match=r"s3://state/slots/a/record\.json cannot be read") as raised:
        slot_records.read(s3, BUCKET, "a")
    assert "versioned" in raised.value.remedy


def test_names_are_those_of_masters() -> None:
    """They do not import each other."""
    assert (resources.CLUSTER_TAG, resources.SLOT_TAG, resources.WORKER_GROUP_TAG) == (
        tags.CLUSTER,
        tags.SLOT,
        tags.WORKER_GROUP,
    )
    assert masters._MEMBER == slot_record.MEMBER
