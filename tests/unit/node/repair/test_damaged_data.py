"""A member whose data are no good gives them up and joins anew, if the others have everything."""

from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import membership
from kubequorum_node.etcd.membership import NoQuorumError
from kubequorum_node.host import Result
from kubequorum_node.repair import damaged_data
from kubequorum_node.repair.peers import RefusedError
from kubequorum_node.volume.slot_record import JOINING, MEMBER, SlotRecord
from kubequorum_node.volume.slot_volume import SlotVolume
from tests.unit.node import examples
from tests.unit.node.fake_etcd import FakeEtcd
from tests.unit.node.fakes import FakeNode

WAL = "/var/lib/etcd/data/member/wal/0.wal"
ASIDE = "/var/lib/etcd/quarantine/member/wal/0.wal"
POD = "/var/log/pods/kube-system_etcd-ip-10-20-1-5_0123456789/etcd"
BROKEN = '{"level":"fatal","error":"walpb: crc mismatch"}'
VOLUME = SlotVolume(volume_id=examples.CONFIG.etcd_volume_id, slot="a")
BEGIN = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Machine:
    """A master whose etcd ends again and again, until its data are gone."""

    def __init__(self, node: FakeNode, etcd: FakeEtcd, said: str = BROKEN) -> None:
        self.node = node
        self.etcd = etcd
        self.manifests: list[str] = []
        self.pods = ["kube-apiserver", "etcd"]
        node.host.write(WAL, "broken")
        record = SlotRecord(
            volume=examples.CONFIG.etcd_volume_id,
            generation=1,
            instance=examples.IDENTITY.instance_id,
            stage=MEMBER,
        )
        node.aws.objects["slots/a/record.json"] = record.to_json().encode()
        node.host.on("systemctl", self._systemctl)
        node.host.on("/usr/local/bin/kubeadm init phase etcd local", lambda *_: self.write_manifest())
        node.host.on("/usr/local/bin/crictl pods", self._pods)
        node.host.on("/usr/local/bin/crictl rmp", self._remove)
        etcd.down.add("a")
        self._say(said)

    def write_manifest(self, *_: object) -> None:
        """As kubeadm does."""
        self.manifests.append(membership.settled(self.node).state)

    def stage(self) -> str:
        """Of the slot's record."""
        return SlotRecord.from_json(self.node.aws.objects["slots/a/record.json"].decode()).stage

    def _say(self, line: str) -> None:
        # The fake machine's clock stands still: what was said is a little later than what began.
        at = (self.node.host.wall_time + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        log = self.node.host.path(f"{POD}/0.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"{at} stderr F {line}\n", encoding="utf-8")

    def _pods(self, command: tuple[str, ...], _: str | None) -> str:
        component = command[-1].removeprefix("--label=component=")
        return f"{component}-id\n" if component in self.pods else ""

    def _remove(self, command: tuple[str, ...], _: str | None) -> None:
        for removed in command[3:]:
            self.pods.remove(removed.removesuffix("-id"))

    def _systemctl(self, command: tuple[str, ...], _: str | None) -> None:
        if command[1] == "stop":
            self.node.host.wall_time += timedelta(minutes=1)
            return
        assert self.node.host.read(WAL) is None, "etcd must not start on what is broken"
        assert self.pods == [], "the kubelet would wait for what it finds"
        # It starts with nothing, and writes its first log.
        self.etcd.down.discard("a")
        self.node.host.write(WAL, "new")


@pytest.fixture
def etcd(node: FakeNode) -> FakeEtcd:
    """Three members, and two other API servers that are ready."""
    for number, slot in enumerate("bc"):
        node.host.names[f"etcd-{slot}.ha.kubequorum.internal"] = {f"10.20.{number}.5"}
        node.host.statuses[f"https://10.20.{number}.5:6443/readyz"] = 200
    return FakeEtcd(node)


def _boot(machine: Machine) -> int:
    return damaged_data.start_member(machine.node, since=BEGIN)


def test_a_boot_on_damaged_data_joins_anew(node: FakeNode, etcd: FakeEtcd) -> None:
    """At once, not after the whole wait for etcd: as a learner that is promoted; a copy is kept."""
    machine = Machine(node, etcd)
    assert _boot(machine) == 255
    assert machine.manifests == ["existing"]
    assert "isLearner" not in etcd.members["a"]
    assert machine.stage() == JOINING, "the proof of health makes it a member again"
    assert node.host.read(ASIDE) == "broken"
    assert node.clock.now() - 1000 < 60


def test_the_record_says_joining_before_the_data_are_touched(node: FakeNode, etcd: FakeEtcd) -> None:
    """A crash behind the record: the data are still there, and the next boot goes the same way again."""
    machine = Machine(node, etcd)

    def crash(*_: object) -> None:
        assert machine.stage() == JOINING
        assert node.host.read(WAL) == "broken"
        raise KeyboardInterrupt

    node.host.on("systemctl stop", crash)
    with pytest.raises(KeyboardInterrupt):
        _boot(machine)
    assert membership.settle(node, VOLUME).state == "new", "with data on the volume etcd does not read it"
    node.host.on("systemctl stop", None)
    assert _boot(machine) == 255


def test_a_crash_behind_the_move_is_a_loss_like_any_other(
    node: FakeNode, etcd: FakeEtcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no log any more and the record says joining: the next boot joins anew by itself."""
    machine = Machine(node, etcd)
    node.host.write("/etc/kubernetes/manifests/etcd.yaml", "state: new")
    node.host.on("systemctl start", None)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(membership, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            _boot(machine)
    assert node.host.read("/etc/kubernetes/manifests/etcd.yaml") is None, "it would begin with nothing"
    assert membership.settle(node, VOLUME).state == "existing"
    assert node.host.read(ASIDE) == "broken"


def test_without_a_quorum_of_the_others_the_data_stay(node: FakeNode, etcd: FakeEtcd) -> None:
    """They may be all there is: the boot stops and says so."""
    machine = Machine(node, etcd)
    etcd.quorum = False
    with pytest.raises(NoQuorumError, match=r"data are damaged.*crc mismatch.*no quorum"):
        _boot(machine)
    assert node.host.read(WAL) == "broken"
    assert machine.stage() == MEMBER
    assert node.host.ran("systemctl stop") == []


def test_a_member_with_other_data_than_the_others_joins_anew(node: FakeNode, etcd: FakeEtcd) -> None:
    """It works, and is not counted on: in the same boot it gives its data up."""
    machine = Machine(node, etcd)
    etcd.down.discard("a")
    etcd.hashes["a"] = 78
    assert _boot(machine) == 255
    assert machine.manifests == ["existing"]
    assert node.host.read(ASIDE) == "broken"
    assert node.clock.now() - 1000 < 60


def test_members_that_all_differ_are_left_alone(node: FakeNode, etcd: FakeEtcd) -> None:
    """Nobody can say which is right: the boot ends, and the data stay."""
    machine = Machine(node, etcd)
    etcd.down.discard("a")
    etcd.hashes = {"a": 1, "b": 2, "c": 3}
    with pytest.raises(WaitError, match="differ from those of b, c, and no majority says which"):
        _boot(machine)
    assert node.host.read(WAL) == "broken"
    assert machine.stage() == MEMBER


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('{"level":"fatal","error":"no space left on device"}', "volume is full.*size_gib"),
        ('{"level":"fatal","error":"read-only file system"}', "cannot be written.*dmesg"),
    ],
)
def test_a_volume_that_is_no_good_ends_a_boot_early(
    node: FakeNode, etcd: FakeEtcd, said: str, reason: str
) -> None:
    """In words; the data stay where they are."""
    machine = Machine(node, etcd, said)
    with pytest.raises(NodeError, match=reason):
        _boot(machine)
    assert node.clock.now() - 1000 < 60
    assert node.host.read(WAL) == "broken"


def test_etcd_that_does_not_stop_keeps_its_data(node: FakeNode, etcd: FakeEtcd) -> None:
    """Nobody moves files under a process that writes; the kubelet runs on."""
    machine = Machine(node, etcd)
    node.host.on("/usr/local/bin/crictl rmp", Result(1, "", "timed out"))
    started: list[str] = []
    node.host.on("systemctl start", lambda command, _: started.append(command[-1]))
    with pytest.raises(NodeError, match="does not stop"):
        _boot(machine)
    assert node.host.read(WAL) == "broken"


def _repair(machine: Machine, *, alarm: bool = False) -> None:
    damaged_data.repair(machine.node, why="data are damaged", alarm=alarm)


def test_a_member_in_service_is_repaired_under_the_lock(node: FakeNode, etcd: FakeEtcd) -> None:
    """No other master goes meanwhile; then it is a member again and the lock is free."""
    machine = Machine(node, etcd)
    held: list[bool] = []

    def write(*_: object) -> None:
        held.append("kubequorum/replacement" in etcd.keys)

    node.host.on("/usr/local/bin/kubeadm init phase etcd local", write)
    _repair(machine)
    assert held == [True]
    assert etcd.keys == {}
    assert machine.stage() == MEMBER


def test_a_member_in_service_stays_as_it_is_when_another_is_down(node: FakeNode, etcd: FakeEtcd) -> None:
    """It asks first, as a dead one does."""
    machine = Machine(node, etcd)
    etcd.down.add("c")
    with pytest.raises(RefusedError, match="only b is healthy"):
        _repair(machine)
    assert node.host.read(WAL) == "broken"
    assert machine.stage() == MEMBER


def test_an_alarm_is_disarmed_when_its_member_is_out(node: FakeNode, etcd: FakeEtcd) -> None:
    """While it is on nobody serves, and no lock can be had: the others must have the same data."""
    machine = Machine(node, etcd)
    etcd.alarms = [(1, "CORRUPT")]
    etcd.hashes["a"] = 78
    _repair(machine, alarm=True)
    assert etcd.alarms == []
    assert etcd.members["a"]["ID"] == 255
    assert etcd.leases == {}


def test_an_alarm_about_whom_nobody_can_say_is_left_on(node: FakeNode, etcd: FakeEtcd) -> None:
    """All three differ: a person must choose a backup."""
    machine = Machine(node, etcd)
    etcd.alarms = [(1, "CORRUPT")]
    etcd.hashes = {"a": 1, "b": 2, "c": 3}
    with pytest.raises(RefusedError, match=r"differ from each other.*there is no backup"):
        _repair(machine, alarm=True)
    assert etcd.alarms
    assert node.host.read(WAL) == "broken"


def test_an_alarm_waits_until_all_others_can_be_compared(node: FakeNode, etcd: FakeEtcd) -> None:
    """One that is down, or a compaction is under way, says nothing of who is right."""
    machine = Machine(node, etcd)
    etcd.alarms = [(1, "CORRUPT")]
    etcd.down.add("c")
    with pytest.raises(RefusedError, match="c does not answer"):
        _repair(machine, alarm=True)
    etcd.down.discard("c")
    etcd.compacted["c"] = 2
    with pytest.raises(RefusedError, match="a compaction is under way"):
        _repair(machine, alarm=True)
    assert etcd.alarms
    assert node.host.read(WAL) == "broken"
