"""A member whose data are unusable discards them and joins again, if the others have everything."""

from datetime import UTC, datetime

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import membership
from kubequorum_node.etcd.membership import NoQuorumError
from kubequorum_node.host import Result
from kubequorum_node.repair import damaged_data
from kubequorum_node.repair.peers import RefusedError
from kubequorum_node.volume.member_data import QUARANTINE_FOLDER
from kubequorum_node.volume.slot_record import JOINING, MEMBER
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import LEARNER_ID
from tests.unit.node.simulation.node import SimulatedNode
from tests.unit.node.simulation.pods import MANIFESTS, WAL

QUARANTINED = f"{QUARANTINE_FOLDER}/member/wal/0.wal"
VOLUME = SlotVolume(volume_id=examples.CONFIG.etcd_volume_id, slot="a")
BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def broken(node: FakeNode) -> SimulatedNode:
    """A master whose etcd exits again and again, until its data are gone."""
    return SimulatedNode.in_service(node, data="broken")


@pytest.fixture
def working(node: FakeNode) -> SimulatedNode:
    """A master whose etcd works."""
    return SimulatedNode.in_service(node)


def _boot(master: SimulatedNode) -> int:
    return damaged_data.start_member(master.node, VOLUME, since=BEGIN)


def _repair(master: SimulatedNode, *, alarm: bool = False) -> None:
    damaged_data.repair(master.node, VOLUME, why="data are damaged", alarm=alarm)


def _data(master: SimulatedNode) -> str | None:
    return master.node.host.read(WAL)


def test_a_boot_on_damaged_data_rejoins(broken: SimulatedNode) -> None:
    """At once, not after the whole wait for etcd: as a learner that is promoted; a copy is kept."""
    assert _boot(broken) == LEARNER_ID
    assert broken.pods.membership_states == ["existing"]
    assert "isLearner" not in broken.etcd.members["a"]
    assert broken.record().stage == JOINING, "the proof of health makes it a member again"
    assert broken.node.host.read(QUARANTINED) == "broken"
    assert broken.node.clock.now() - 1000 < 60


def test_the_record_says_joining_before_the_data_are_touched(broken: SimulatedNode) -> None:
    """A crash after the record was written: the data are still there, and the next boot rejoins, too."""
    host = broken.node.host

    def crash(*_: object) -> None:
        assert broken.record().stage == JOINING
        assert _data(broken) == "broken"
        raise KeyboardInterrupt

    host.on("systemctl stop", crash)
    with pytest.raises(KeyboardInterrupt):
        _boot(broken)
    assert membership.settle(broken.node, VOLUME).state == "new", "with data on the volume etcd ignores it"
    del host.programs["systemctl stop"]
    assert _boot(broken) == LEARNER_ID


def test_a_crash_after_the_quarantine_is_a_loss_like_any_other(
    broken: SimulatedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no log any more and the record says joining: the next boot rejoins by itself."""
    node = broken.node

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(membership, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            _boot(broken)
    assert node.host.read(f"{MANIFESTS}/etcd.yaml") is None, "it would begin with nothing"
    assert _data(broken) is None
    assert membership.settle(node, VOLUME).state == "existing"
    assert node.host.read(QUARANTINED) == "broken"


def test_without_a_quorum_of_the_others_the_data_stay(broken: SimulatedNode) -> None:
    """They may be all there is: the boot fails and says so."""
    broken.etcd.quorum = False
    with pytest.raises(NoQuorumError, match=r"data are damaged.*crc mismatch.*no quorum"):
        _boot(broken)
    assert _data(broken) == "broken"
    assert broken.record().stage == MEMBER
    assert broken.node.host.ran("systemctl stop") == []


def test_a_member_with_other_data_than_the_others_rejoins(working: SimulatedNode) -> None:
    """It works, and is not trusted: in the same boot it discards its data."""
    working.etcd.hashes["a"] = 78
    assert _boot(working) == LEARNER_ID
    assert working.pods.membership_states == ["existing"]
    assert working.node.host.read(QUARANTINED) == "data"
    assert working.node.clock.now() - 1000 < 60


def test_members_that_all_differ_are_left_alone(working: SimulatedNode) -> None:
    """Nobody can say which is right: the boot fails, and the data stay."""
    working.etcd.hashes = {"a": 1, "b": 2, "c": 3}
    with pytest.raises(WaitError, match="differ from those of b, c, and no majority says which"):
        _boot(working)
    assert _data(working) == "data"
    assert working.record().stage == MEMBER


@pytest.mark.parametrize(
    ("data", "reason"), [("full", "volume is full.*size_gib"), ("read-only", "cannot be written.*volume.md")]
)
def test_a_volume_that_cannot_be_used_ends_a_boot_early(node: FakeNode, data: str, reason: str) -> None:
    """The error names the cause; the data stay where they are."""
    master = SimulatedNode.in_service(node, data=data)
    with pytest.raises(NodeError, match=reason):
        _boot(master)
    assert node.clock.now() - 1000 < 60
    assert _data(master) == data


def test_etcd_that_does_not_stop_keeps_its_data(broken: SimulatedNode) -> None:
    """Nobody moves files under a process that writes; the kubelet is started again."""
    host = broken.node.host
    host.on("/usr/local/bin/crictl rmp", Result(1, "", "timed out"))
    started: list[str] = []
    host.on("systemctl start", lambda command, _: started.append(command[-1]))
    with pytest.raises(NodeError, match="does not stop"):
        _boot(broken)
    assert _data(broken) == "broken"
    assert started == ["kubelet.service"]


def test_a_member_in_service_is_repaired_under_the_lock(broken: SimulatedNode) -> None:
    """No other master goes meanwhile; then it is a member again and the lock is free."""
    held: list[bool] = []
    start = broken.node.host.programs["systemctl"]

    def note(command: tuple[str, ...], stdin: str | None) -> object:
        held.append("kubequorum/replacement" in broken.etcd.keys)
        return start(command, stdin)

    broken.node.host.on("systemctl start kubelet", note)  # type: ignore[arg-type]
    _repair(broken)
    assert held == [True]
    assert broken.etcd.keys == {}
    assert broken.record().stage == MEMBER


def test_a_member_in_service_stays_as_it_is_when_another_is_down(broken: SimulatedNode) -> None:
    """It asks first, as a dead one does."""
    broken.etcd.down.add("c")
    with pytest.raises(RefusedError, match=r"not repaired: .*only b is healthy"):
        _repair(broken)
    assert _data(broken) == "broken"
    assert broken.record().stage == MEMBER


def test_an_alarm_is_cleared_when_its_member_is_out(working: SimulatedNode) -> None:
    """While it is active nobody serves, and no lock can be had: the others must have the same data."""
    etcd = working.etcd
    etcd.alarms = [(1, "CORRUPT")]
    etcd.hashes["a"] = 78
    _repair(working, alarm=True)
    assert etcd.alarms == []
    assert etcd.members["a"]["ID"] == LEARNER_ID
    assert etcd.leases == {}


def test_an_alarm_stays_active_when_all_members_differ(working: SimulatedNode) -> None:
    """A person must choose one, and needs no shell on a master for it."""
    etcd = working.etcd
    etcd.alarms = [(1, "CORRUPT")]
    etcd.hashes = {"a": 1, "b": 2, "c": 3}
    with pytest.raises(RefusedError, match=r"not repaired: .*differ from each other.*delete its volume"):
        _repair(working, alarm=True)
    assert etcd.alarms
    assert _data(working) == "data"


def test_an_alarm_waits_until_all_others_can_be_compared(working: SimulatedNode) -> None:
    """While one is down, or a compaction is under way, nobody knows who is right."""
    etcd = working.etcd
    etcd.alarms = [(1, "CORRUPT")]
    etcd.down.add("c")
    with pytest.raises(RefusedError, match="c does not answer"):
        _repair(working, alarm=True)
    etcd.down.discard("c")
    etcd.compacted["c"] = 2
    with pytest.raises(RefusedError, match="a compaction is under way"):
        _repair(working, alarm=True)
    assert etcd.alarms
    assert _data(working) == "data"
