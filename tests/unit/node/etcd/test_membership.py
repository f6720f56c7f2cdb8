"""Whether a slot's etcd member begins, resumes or joins again: by its record and its volume."""

import pytest

from kubequorum_node.etcd import membership
from kubequorum_node.etcd.membership import Decision, ForeignVolumeError, NoQuorumError, decide
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.member_data import MEMBER_FOLDER, QUARANTINE_FOLDER
from kubequorum_node.volume.slot_record import FORMING, JOINING, MEMBER, SlotRecord, SlotRecordError
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import ETCDCTL, LEARNER_ID, SimulatedEtcd, client_url

OWN = examples.CONFIG.etcd_volume_id
VOLUME = SlotVolume(volume_id=OWN, slot="a")
OTHER = "vol-0fedcba9876543210"
KEY = "slots/a/record.json"
FIRST = ",".join(f"etcd-{slot}=https://etcd-{slot}.ha.kubequorum.internal:2380" for slot in "abc")


def _record(
    stage: str, *, volume: str = OWN, instance: str = "i-0aaaaaaaaaaaaaaaa", generation: int = 3
) -> SlotRecord:
    return SlotRecord(volume=volume, generation=generation, instance=instance, stage=stage, outcome="ready")


@pytest.mark.parametrize(
    ("record", "has_data", "expected"),
    [
        (None, False, Decision.BEGIN),
        (None, True, Decision.RESUME),
        (_record(FORMING), False, Decision.BEGIN),
        (_record(FORMING), True, Decision.RESUME),
        (_record(MEMBER), True, Decision.RESUME),
        (_record(MEMBER), False, Decision.REJOIN),
        (_record(MEMBER, volume=OTHER), False, Decision.REJOIN),
        (_record(JOINING), False, Decision.REJOIN),
        (_record(JOINING), True, Decision.RESUME),
    ],
)
def test_the_decision(record: SlotRecord | None, has_data: bool, expected: Decision) -> None:
    """A slot whose member has ever worked never begins with nothing."""
    assert decide(record, has_data=has_data, volume_id=OWN) is expected


@pytest.mark.parametrize("stage", [MEMBER, JOINING])
def test_data_on_another_volume_than_the_records_are_not_trusted(stage: str) -> None:
    """A copy of the volume may lack what the member has acknowledged since; both volumes are named."""
    with pytest.raises(ForeignVolumeError, match=rf"{OWN} has etcd data.*on {OTHER}"):
        decide(_record(stage, volume=OTHER), has_data=True, volume_id=OWN)


def _stored(node: FakeNode) -> SlotRecord:
    return SlotRecord.from_json(node.aws.objects[KEY].decode())


def _keep(node: FakeNode, record: SlotRecord) -> None:
    node.aws.objects[KEY] = record.to_json().encode()


def _add_wal(node: FakeNode) -> None:
    wal = node.host.path("/var/lib/etcd/data/member/wal/0.wal")
    wal.parent.mkdir(parents=True)
    wal.touch()


def test_a_new_slot_gets_a_record_before_etcd_starts(node: FakeNode) -> None:
    """It says that the member may begin, and is written only if there is none."""
    found = membership.settle(node, VOLUME)
    assert (found.state, found.initial_cluster) == ("new", FIRST)
    assert node.aws.asked("put_object")[0]["IfNoneMatch"] == "*"
    record = _stored(node)
    assert (record.stage, record.volume, record.generation) == (FORMING, OWN, 1)
    assert membership.settled(node) == found


def test_a_crash_before_etcd_ever_started_loses_nothing(node: FakeNode) -> None:
    """The record is there, the data are not: the next boot begins again, as the same member."""
    membership.settle(node, VOLUME)
    assert membership.settle(node, VOLUME).state == "new"
    assert len(node.aws.asked("put_object")) == 1, "nothing has changed, nothing is written"


def test_data_without_a_record_write_the_record(node: FakeNode) -> None:
    """The member has worked, whatever became of its record."""
    _add_wal(node)
    membership.settle(node, VOLUME)
    assert _stored(node).stage == MEMBER


def test_a_successor_counts_up_and_resumes(node: FakeNode) -> None:
    """On condition that nobody has written the record since it was read."""
    _keep(node, _record(MEMBER))
    _add_wal(node)
    membership.settle(node, VOLUME)
    record = _stored(node)
    assert (record.generation, record.instance, record.stage) == (4, "i-0123456789abcdef0", MEMBER)
    assert node.aws.asked("put_object")[0]["IfMatch"].startswith('"')


def test_a_record_that_changes_meanwhile_is_read_again(node: FakeNode) -> None:
    """The decision is made again, by what is there now."""
    _add_wal(node)
    node.aws.first("put_object", lambda: _keep(node, _record(MEMBER, generation=7)))
    membership.settle(node, VOLUME)
    assert _stored(node).generation == 8


def test_a_record_that_keeps_changing_is_an_error(node: FakeNode) -> None:
    """Two instances claim one slot: a person must terminate one."""
    for number in range(20):
        node.aws.first(
            "put_object",
            lambda number=number: _keep(node, _record(FORMING, generation=number)),  # type: ignore[misc]
        )
    with pytest.raises(SlotRecordError, match="another instance claims slot a"):
        membership.settle(node, VOLUME)


def test_an_unreadable_record_is_an_error(node: FakeNode) -> None:
    """It does not count as none: that would let the member begin with nothing."""
    node.aws.objects[KEY] = b'{"version": 9}'
    with pytest.raises(SlotRecordError, match="version 9"):
        membership.settle(node, VOLUME)


def test_a_member_whose_data_are_lost_leaves_and_joins_as_a_learner(node: FakeNode) -> None:
    """Through the others, the old member is removed and a learner added; etcd starts with what they list."""
    _keep(node, _record(MEMBER))
    survivors = SimulatedEtcd(node, own_runs=lambda: False)
    found = membership.settle(node, VOLUME)
    ids = {slot: member["ID"] for slot, member in survivors.members.items()}
    assert ids == {
        "a": LEARNER_ID,
        "b": 2,
        "c": 3,
    }
    assert all(f"--endpoints={client_url('b')},{client_url('c')} " in line for line in node.host.ran(ETCDCTL))
    assert (found.state, found.initial_cluster) == ("existing", FIRST)
    assert _stored(node).stage == JOINING


def test_remains_of_a_member_are_quarantined_before_it_rejoins(node: FakeNode) -> None:
    """A database without a log: etcd must not take it for the new member's."""
    _keep(node, _record(MEMBER))
    SimulatedEtcd(node)
    node.host.write(f"{MEMBER_FOLDER}/snap/db", "old")
    assert membership.settle(node, VOLUME).state == "existing"
    assert not node.host.path(MEMBER_FOLDER).exists()
    assert node.host.read(f"{QUARANTINE_FOLDER}/member/snap/db") == "old"


def test_an_interrupted_rejoin_continues_where_it_stopped(node: FakeNode) -> None:
    """The learner that was added and never started is used, not removed."""
    _keep(node, _record(JOINING))
    survivors = SimulatedEtcd(node, own_runs=lambda: False)
    survivors.members["a"] = {"ID": 254, "peerURLs": survivors.members["a"]["peerURLs"], "isLearner": True}
    assert membership.settle(node, VOLUME).state == "existing"
    assert [member["ID"] for member in survivors.members.values()] == [254, 2, 3]


def test_a_rejoin_on_a_new_volume_survives_a_crash_after_etcd_has_written(node: FakeNode) -> None:
    """The record names the new volume before etcd starts on it: its data are not taken for foreign."""
    _keep(node, _record(MEMBER, volume=OTHER))
    SimulatedEtcd(node)
    membership.settle(node, VOLUME)
    _add_wal(node)
    membership.settle(node, VOLUME)
    assert _stored(node).volume == OWN


def test_without_a_quorum_nothing_is_changed(node: FakeNode) -> None:
    """The data are lost and the others are down: the boot fails, with what to do."""
    _keep(node, _record(MEMBER))
    SimulatedEtcd(node).quorum = False
    with pytest.raises(
        NoQuorumError, match=r"slot a are lost .*no quorum.*quorum-loss\.md.*volumes.*timed out"
    ):
        membership.settle(node, VOLUME)
    assert membership.settled(node).state == "new", "nothing was written for etcd to start with"
    assert not node.host.path("/etc/kubernetes/kubequorum/membership.json").exists()


def test_others_that_are_down_are_waited_for(node: FakeNode) -> None:
    """They may be booting, too."""
    _keep(node, _record(MEMBER))
    survivors = SimulatedEtcd(node, own_runs=lambda: False)
    survivors.quorum = False

    def start() -> None:
        survivors.quorum = node.clock.now() > 1300

    node.clock.on_sleep.append(start)
    assert membership.settle(node, VOLUME).state == "existing"


def test_a_member_that_works_is_recorded_as_such(node: FakeNode) -> None:
    """From then on an empty volume is a loss."""
    membership.settle(node, VOLUME)
    slot_record.finish(node, volume_id=OWN)
    record = _stored(node)
    assert (record.stage, record.outcome, record.volume) == (MEMBER, "ready", OWN)


def test_a_failed_boot_leaves_its_reason_in_the_record(node: FakeNode) -> None:
    """The stage stays; the reason is for people."""
    membership.settle(node, VOLUME)
    slot_record.fail(node, "bad checksum of kubelet")
    record = _stored(node)
    assert (record.stage, record.outcome) == (FORMING, "failed: bad checksum of kubelet")


def test_a_failed_boot_does_not_write_into_its_successors_record(node: FakeNode) -> None:
    """Another instance has the slot."""
    _keep(node, _record(MEMBER, instance="i-0bbbbbbbbbbbbbbbb"))
    slot_record.fail(node, "too late")
    assert _stored(node).outcome == "ready"
