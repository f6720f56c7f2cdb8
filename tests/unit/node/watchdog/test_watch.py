"""The watchdog: when it acts, what it does for which verdict, and when it keeps still."""

from dataclasses import replace

import pytest

from kubequorum_node.etcd.exit_reason import Cause, ExitReason
from kubequorum_node.host import Space
from kubequorum_node.kubernetes import certificates
from kubequorum_node.repair import damaged_data
from kubequorum_node.system import boot_lock
from kubequorum_node.volume.disk import Disk
from kubequorum_node.watchdog import watch
from kubequorum_node.watchdog.diagnosis import Condition, Findings
from kubequorum_node.watchdog.watch import GRACE_AFTER_START_SECONDS, GRACE_SECONDS, LOOK_SECONDS, Watchdog
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode
from tests.unit.node.watchdog.test_diagnosis import DOWN, NO_ROOM, WELL

DAMAGED = replace(DOWN, last_words=ExitReason(cause=Cause.DAMAGED, line="crc mismatch"))


class Dog:
    """A watchdog over a master that is as the test says."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.master = SimulatedNode.in_service(node)
        self.findings: Findings = WELL
        self.forgotten = 0
        self.dog = Watchdog(node, lambda: self.findings, reset=self._forget)

    def watch(self, seconds: float, findings: Findings | None = None) -> None:
        """Let time pass."""
        self.findings = findings or self.findings
        end = self.node.clock.now() + seconds
        while self.node.clock.now() < end:
            self.dog.tick()
            self.node.clock.sleep(LOOK_SECONDS)

    def reports(self) -> int:
        """How often the master reported itself unhealthy."""
        return len(self.node.aws.asked("set_instance_health"))

    def outcome(self) -> str:
        """What its slot's record says."""
        return self.master.record().outcome

    def _forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def dog(node: FakeNode) -> Dog:
    """A watchdog that has seen its master well."""
    dog = Dog(node)
    dog.watch(60)
    return dog


def test_a_master_that_is_well_costs_nothing(dog: Dog) -> None:
    """Nothing is asked of AWS or of etcd, and nothing is written."""
    dog.watch(3600)
    assert dog.node.aws.requests == []
    assert dog.node.host.commands == []


def test_a_dead_master_is_reported_after_the_grace_time(dog: Dog) -> None:
    """And said: in the slot's record, and as an Event of its Node."""
    dog.watch(GRACE_SECONDS - 2 * LOOK_SECONDS, DOWN)
    assert dog.reports() == 0
    dog.watch(3 * LOOK_SECONDS)
    assert dog.reports() == 1
    assert dog.outcome() == "unwell: dead: etcd does not answer, the API server is not ready"
    (event,) = dog.master.events
    assert event["involvedObject"]["name"] == examples.IDENTITY.node_name
    assert (event["type"], event["reason"]) == ("Warning", "MasterDead")


def test_a_short_failure_is_not_reported(dog: Dog) -> None:
    """A restart of the API server, for one."""
    dog.watch(40, DOWN)
    dog.watch(120, WELL)
    dog.watch(40, DOWN)
    dog.watch(60, WELL)
    assert dog.master.events == []
    assert dog.node.aws.requests == []


def test_the_grace_time_after_a_start_is_longer(node: FakeNode) -> None:
    """Its boot is under way, and says itself when it fails."""
    dog = Dog(node)
    dog.watch(GRACE_AFTER_START_SECONDS - 10, DOWN)
    assert dog.reports() == 0
    dog.watch(30)
    assert dog.reports() == 1


def test_without_quorum_the_failure_is_only_reported(dog: Dog, capsys: pytest.CaptureFixture[str]) -> None:
    """All masters lost power, and one is up: it waits for the others."""
    dog.master.etcd.quorum = False
    dog.watch(600, replace(WELL, etcd_ready=False, api_ready=False))
    assert dog.reports() == 0
    assert "not replaced: the others have no quorum" in capsys.readouterr().err
    assert dog.outcome().startswith("unwell: dead")


def test_all_api_servers_broken_by_the_same_change_replace_nobody(dog: Dog) -> None:
    """A health check must never take down what still works: etcd has all its members."""
    for slot in "01":
        dog.node.host.statuses[f"https://10.20.{slot}.5:6443/readyz"] = 500
    dog.watch(3600, replace(WELL, api_ready=False))
    assert dog.reports() == 0


def test_a_refused_remedy_is_retried(dog: Dog) -> None:
    """The other master is back, and this one is still dead."""
    dog.master.etcd.down.add("c")
    dog.watch(300, DOWN)
    assert dog.reports() == 0
    dog.master.etcd.down.clear()
    dog.watch(70)
    assert dog.reports() >= 1


@pytest.mark.parametrize("state", [None, "Terminated", "Standby", "Detached"])
def test_an_instance_that_its_group_does_not_want_to_serve_is_left_alone(
    dog: Dog, monkeypatch: pytest.MonkeyPatch, state: str | None
) -> None:
    """It ends in order, or a person works on it."""
    monkeypatch.setattr(dog.node.metadata, "target_lifecycle_state", lambda: state)
    dog.watch(600, DOWN)
    assert dog.reports() == 0


def test_a_boot_under_way_is_left_alone(dog: Dog) -> None:
    """It repairs by itself, or fails by itself."""
    with boot_lock.held(dog.node):
        dog.watch(300, DOWN)
    assert dog.reports() == 0
    dog.watch(70)
    assert dog.reports() >= 1


@pytest.mark.parametrize(
    ("findings", "condition"),
    [
        (replace(DOWN, clock_offset_seconds=601.0), Condition.CLOCK_SKEW),
        (replace(DOWN, disk=Disk(trouble="it is read-only")), Condition.STORAGE_FAILURE),
        (replace(DOWN, disk=NO_ROOM), Condition.FULL),
        (DAMAGED, Condition.CORRUPT),
        (replace(DOWN, days_left=0.0), Condition.EXPIRING),
    ],
)
def test_only_a_dead_master_is_replaced(
    dog: Dog, monkeypatch: pytest.MonkeyPatch, findings: Findings, condition: Condition
) -> None:
    """For everything else a successor would take over the same volume, cluster and clock."""
    acted: list[Condition] = []
    actions = dict(watch._ACTIONS)
    for known in set(actions) - {Condition.DEAD}:
        actions[known] = lambda *_: acted.append(condition)
    monkeypatch.setattr(watch, "_ACTIONS", actions)
    dog.watch(600, findings)
    assert dog.reports() == 0
    assert dog.outcome().startswith(f"unwell: {condition.value}")
    assert bool(acted) is (condition not in (Condition.CLOCK_SKEW, Condition.STORAGE_FAILURE))


def test_a_full_volume_is_grown_and_quarantined_data_deleted(dog: Dog) -> None:
    """The volume may have been made larger meanwhile; the file system grows with it."""
    node = dog.node
    quarantined = node.host.path("/var/lib/etcd/quarantine/member")
    quarantined.mkdir(parents=True)
    dog.watch(70, replace(WELL, disk=Disk(space=Space(total_bytes=1 << 30, free_bytes=1 << 20))))
    assert node.host.ran("resize2fs /dev/disk/by-id/")
    assert not quarantined.exists()


def test_certificates_that_expire_soon_are_renewed(dog: Dog, monkeypatch: pytest.MonkeyPatch) -> None:
    """And looked at again at once."""
    renewed: list[str] = []
    monkeypatch.setattr(certificates, "renew_and_restart", lambda _: renewed.append("all"))
    dog.watch(70, replace(WELL, days_left=3.0))
    assert renewed == ["all"]
    assert dog.forgotten == 1


def test_a_corrupt_member_is_repaired_knowing_whether_it_runs(
    dog: Dog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With etcd's own alarm on it answers, and no lock can be had."""
    seen: list[bool] = []
    monkeypatch.setattr(damaged_data, "repair", lambda *_, why, alarm: seen.append(alarm) if why else None)
    dog.watch(70, DAMAGED)
    dog.watch(70, replace(WELL, alarms=frozenset({"CORRUPT"})))
    assert seen == [False, True]


def test_a_failed_remedy_is_reported_and_retried(
    dog: Dog, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not at every look, and never the end of the watchdog."""
    tried: list[float] = []

    def fail(*_: object, **__: object) -> None:
        tried.append(dog.node.clock.now())
        raise OSError("disk on fire")

    monkeypatch.setattr(damaged_data, "repair", fail)
    dog.watch(200, DAMAGED)
    assert len(tried) == 3
    assert dog.forgotten == 0, "what etcd has said still holds"
    assert "disk on fire" in capsys.readouterr().err


def test_a_remedy_has_time_to_take_effect(dog: Dog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The member is back, and the API server is not ready yet: that is not called dead."""
    monkeypatch.setattr(damaged_data, "repair", lambda *_, **__: dog.node.clock.sleep(30))
    dog.watch(65, DAMAGED)
    dog.watch(50, replace(WELL, api_ready=False))
    dog.watch(60, WELL)
    assert [event["reason"] for event in dog.master.events] == ["MasterCorrupt", "MasterWell"]
    assert dog.reports() == 0


def test_recovery_is_reported(dog: Dog) -> None:
    """Once, when it has lasted."""
    dog.master.etcd.quorum = False
    dog.watch(120, DOWN)
    dog.master.etcd.quorum = True
    dog.watch(300, WELL)
    assert [event["reason"] for event in dog.master.events] == ["MasterDead", "MasterWell"]
    assert dog.outcome() == "ready"


def test_a_lasting_failure_is_reported_again(dog: Dog) -> None:
    """Kubernetes forgets an Event after an hour."""
    dog.master.etcd.quorum = False
    dog.watch(4000, DOWN)
    assert [event["reason"] for event in dog.master.events] == ["MasterDead"] * 3


def test_a_report_that_fails_does_not_stop_the_watchdog(dog: Dog) -> None:
    """The bucket is away: the master is reported all the same."""
    dog.node.aws.fail("get_object", "InternalError", times=50)
    dog.watch(70, DOWN)
    assert dog.reports() == 1
    assert dog.master.events
