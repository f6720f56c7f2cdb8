"""What the watchdog does for which verdict."""

from dataclasses import replace

import pytest

from kubequorum_node.etcd.exit_reason import Cause, ExitReason
from kubequorum_node.host import Space
from kubequorum_node.kubernetes import certificates
from kubequorum_node.repair import damaged_data
from kubequorum_node.volume.disk import Disk
from kubequorum_node.watchdog import watch
from kubequorum_node.watchdog.diagnosis import Condition, Findings
from tests.unit.node.watchdog.test_diagnosis import DOWN, NO_ROOM, WELL
from tests.unit.node.watchdog.watching import WatchedMaster

REPORTED_ONLY = (Condition.CLOCK_SKEW, Condition.STORAGE_FAILURE, Condition.DEGRADED)
DAMAGED = replace(DOWN, last_words=ExitReason(cause=Cause.DAMAGED, line="crc mismatch"))


@pytest.mark.parametrize(
    ("findings", "condition"),
    [
        (replace(DOWN, clock_offset_seconds=601.0), Condition.CLOCK_SKEW),
        (replace(DOWN, disk=Disk(trouble="it is read-only")), Condition.STORAGE_FAILURE),
        (replace(DOWN, disk=NO_ROOM), Condition.FULL),
        (DAMAGED, Condition.CORRUPT),
        (replace(DOWN, days_left=0.0), Condition.EXPIRING),
        (replace(WELL, not_healthy=("kube-scheduler",)), Condition.DEGRADED),
    ],
)
def test_only_a_dead_master_is_replaced(
    watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch, findings: Findings, condition: Condition
) -> None:
    """For everything else a successor would take over the same volume, cluster and clock."""
    acted: list[Condition] = []
    actions = dict(watch._ACTIONS)
    for known in set(actions) - {Condition.DEAD}:
        actions[known] = lambda *_: acted.append(condition)
    monkeypatch.setattr(watch, "_ACTIONS", actions)
    watched.watch(600, findings)
    assert watched.reports() == 0
    assert watched.outcome().startswith(f"unwell: {condition.value}")
    assert bool(acted) is (condition not in REPORTED_ONLY)


def test_a_full_volume_is_grown_and_quarantined_data_deleted(watched: WatchedMaster) -> None:
    """The volume may have been made larger meanwhile; the file system grows with it."""
    node = watched.node
    quarantined = node.host.path("/var/lib/etcd/quarantine/member")
    quarantined.mkdir(parents=True)
    watched.watch(70, replace(WELL, disk=Disk(space=Space(total_bytes=1 << 30, free_bytes=1 << 20))))
    assert node.host.ran("resize2fs /dev/disk/by-id/")
    assert not quarantined.exists()


def test_certificates_that_expire_soon_are_renewed(
    watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And looked at again at once."""
    renewed: list[str] = []
    monkeypatch.setattr(certificates, "renew_and_restart", lambda _: renewed.append("all"))
    watched.watch(70, replace(WELL, days_left=3.0))
    assert renewed == ["all"]
    assert watched.forgotten == 1


def test_a_corrupt_member_is_repaired_knowing_whether_it_runs(
    watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With etcd's own alarm on it answers, and no lock can be had."""
    seen: list[bool] = []
    monkeypatch.setattr(damaged_data, "repair", lambda *_, why, alarm: seen.append(alarm) if why else None)
    watched.watch(70, DAMAGED)
    watched.watch(70, replace(WELL, alarms=frozenset({"CORRUPT"})))
    assert seen == [False, True]


def test_a_failed_remedy_is_reported_and_retried(
    watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not at every look, and never the end of the watchdog."""
    tried: list[float] = []

    def fail(*_: object, **__: object) -> None:
        tried.append(watched.node.clock.now())
        raise OSError("disk on fire")

    monkeypatch.setattr(damaged_data, "repair", fail)
    watched.watch(200, DAMAGED)
    assert len(tried) == 3
    assert watched.forgotten == 0, "what etcd has said still holds"
    assert "disk on fire" in capsys.readouterr().err


def test_a_remedy_has_time_to_take_effect(watched: WatchedMaster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The member is back, and the API server is not ready yet: that is not called dead."""
    monkeypatch.setattr(damaged_data, "repair", lambda *_, **__: watched.node.clock.sleep(30))
    watched.watch(65, DAMAGED)
    watched.watch(50, replace(WELL, api_ready=False))
    watched.watch(60, WELL)
    assert [event["reason"] for event in watched.master.events] == ["MasterCorrupt", "MasterWell"]
    assert watched.reports() == 0


def test_a_refused_remedy_is_retried(watched: WatchedMaster) -> None:
    """The other master is back, and this one is still dead."""
    watched.master.etcd.down.add("c")
    watched.watch(300, DOWN)
    assert watched.reports() == 0
    watched.master.etcd.down.clear()
    watched.watch(70)
    assert watched.reports() >= 1
