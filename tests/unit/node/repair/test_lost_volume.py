"""A lost volume is replaced once, and only if the others have its data."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.boot import etcd_volume
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import membership
from kubequorum_node.etcd.membership import NoQuorumError
from kubequorum_node.repair import lost_volume
from kubequorum_node.volume import slot_record, slot_volume
from kubequorum_node.volume.slot_record import FORMING, JOINING, MEMBER, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fake_aws import KEY
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

LOST = examples.CONFIG.etcd_volume_id
NEW = "vol-0ff00000000000000"
LINK = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{NEW.replace('-', '')}"


def _record(node: FakeNode, slot: str, stage: str, *, volume: str = LOST, replaces: str = "") -> None:
    record = SlotRecord(
        volume=volume, generation=3, instance="i-0aaaaaaaaaaaaaaaa", stage=stage, replaces=replaces
    )
    node.aws.objects[slot_record.key(slot)] = record.to_json().encode()


def _stored(node: FakeNode) -> SlotRecord:
    return SlotRecord.from_json(node.aws.objects["slots/a/record.json"].decode())


def _replace(node: FakeNode) -> SlotVolume:
    return lost_volume.replace_lost_volume(node, slot_volume.resolve(node), because="gone")


@pytest.fixture
def etcd(node: FakeNode) -> SimulatedEtcd:
    """A cluster that has lived; the slot's volume no longer exists."""
    node.aws.objects["pki/ca-set.json"] = b"{}"
    for slot in "abc":
        _record(node, slot, MEMBER)
    node.aws.volume["VolumeId"] = "vol-0another"
    return SimulatedEtcd(node)


def test_a_lost_volume_is_replaced_and_attached(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """In the slot's zone, with its shape, key and tags; the record says so, and the member joins again."""
    link = node.host.path(LINK)
    link.parent.mkdir(parents=True)
    link.touch()
    etcd_volume.attach(node)
    (asked,) = node.aws.asked("create_volume")
    assert len(asked.pop("ClientToken")) == 64
    tags = asked.pop("TagSpecifications")[0]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "Name": "ha etcd-a",
        "kubequorum:cluster": "ha",
        "kubequorum:slot": "a",
    }
    assert asked == {
        "AvailabilityZone": "eu-central-1a",
        "Size": 20,
        "VolumeType": "gp3",
        "Iops": 3000,
        "Throughput": 125,
        "Encrypted": True,
        "KmsKeyId": KEY,
    }
    record = _stored(node)
    assert (record.volume, record.replaces, record.stage) == (NEW, LOST, JOINING)
    assert node.aws.asked("attach_volume")[0]["VolumeId"] == NEW
    assert membership.settle(node, slot_volume.resolved(node)).state == "existing"
    assert _stored(node) == replace(record, written=_stored(node).written)


def test_a_crash_before_the_record_creates_no_second_volume(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """EC2 recognises the request: its token is that of this loss, whatever instance asks."""
    node.aws.fail("put_object", "InternalError")
    with pytest.raises(ClientError, match="InternalError"):
        _replace(node)
    node.identity = replace(examples.IDENTITY, instance_id="i-0bbbbbbbbbbbbbbbb")
    assert _replace(node).volume_id == NEW
    assert len(node.aws.made) == 1


def test_another_instance_that_was_faster_wins(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Its record stands: both have the same volume."""
    _record(node, "a", JOINING)
    node.aws.first("put_object", lambda: _record(node, "a", JOINING, volume=NEW, replaces=LOST))
    assert _replace(node).volume_id == NEW
    assert _stored(node).instance == "i-0aaaaaaaaaaaaaaaa"


def test_a_replacement_that_is_lost_is_replaced_in_turn(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """The record still names the volume in user-data as the one that it replaces."""
    _record(node, "a", MEMBER, volume="vol-0first", replaces=LOST)
    assert slot_volume.resolve(node).volume_id == "vol-0first"
    _replace(node)
    assert (_stored(node).volume, _stored(node).replaces) == (NEW, LOST)


def test_without_a_quorum_of_the_others_nothing_is_created(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """An empty volume is useless in a cluster that has lived: a person must decide."""
    etcd.quorum = False
    before = dict(node.aws.objects)
    with pytest.raises(NoQuorumError, match=r"gone, and the other masters have no quorum.*volumes"):
        _replace(node)
    assert node.aws.made == {}
    assert node.aws.objects == before


def test_a_slot_without_a_record_in_a_cluster_that_has_lived_joins(
    node: FakeNode, etcd: SimulatedEtcd
) -> None:
    """Whatever became of its record: it must not begin with nothing."""
    del node.aws.objects["slots/a/record.json"]
    _replace(node)
    assert _stored(node).stage == JOINING


@pytest.mark.parametrize("stage", [None, FORMING])
def test_in_a_cluster_that_has_never_lived_the_member_may_begin(node: FakeNode, stage: str | None) -> None:
    """Nobody has acknowledged anything yet: the others are not asked."""
    node.aws.objects["pki/ca-set.json"] = b"{}"
    if stage is not None:
        for slot in "abc":
            _record(node, slot, stage)
    _replace(node)
    assert (_stored(node).stage, _stored(node).volume) == (FORMING, NEW)
    assert node.host.commands == []
    assert membership.settle(node, slot_volume.resolved(node)).state == "new"


def test_the_key_is_waited_for_in_a_first_boot(node: FakeNode) -> None:
    """The CA set is created in another lane of the boot; its object names the key."""

    def made() -> None:
        node.aws.objects["pki/ca-set.json"] = b"{}"

    node.clock.on_sleep.append(made)
    assert _replace(node).volume_id == NEW


def test_a_bucket_without_a_kms_key_is_an_error(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume with the account's own key would differ from the State stack's."""
    node.aws.objects["pki/ca-set.json"] = b"{}"
    monkeypatch.setattr("tests.unit.node.fake_aws.KEY", "")
    with pytest.raises(NodeError, match="not encrypted with a KMS key"):
        _replace(node)


def test_records_of_a_later_release_can_be_read(node: FakeNode) -> None:
    """After a rollback the old release must ignore what the new one has added."""
    text = json.dumps({**json.loads(_example()), "invented_later": 1})
    assert SlotRecord.from_json(text) == SlotRecord.from_json(_example())


def _example() -> str:
    return SlotRecord(volume=LOST, generation=1, instance="i-0", stage=MEMBER).to_json()
