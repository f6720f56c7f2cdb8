"""From findings to a verdict: what would be found again by a successor is never called dead."""

from dataclasses import replace
from typing import Any

import pytest

from kubequorum_node.etcd.exit_reason import Cause, ExitReason
from kubequorum_node.host import Space
from kubequorum_node.volume.disk import Disk
from kubequorum_node.watchdog.diagnosis import Condition, Findings, HealthHistory, Verdict, diagnose

GIB = 1 << 30
ROOM = Disk(space=Space(total_bytes=20 * GIB, free_bytes=12 * GIB))
NO_ROOM = Disk(space=Space(total_bytes=20 * GIB, free_bytes=100 << 20))
WELL = Findings(
    etcd_answers=True,
    etcd_ready=True,
    api_ready=True,
    kubelet_answers=True,
    disk=ROOM,
    days_left=364.0,
    clock_offset_seconds=0.4,
)
DOWN = replace(WELL, etcd_answers=False, etcd_ready=False, api_ready=False)


def _said(cause: Cause) -> ExitReason:
    return ExitReason(cause=cause, line="so it was said")


def test_a_master_that_serves_is_well() -> None:
    """All four parts work, and nothing is about to end."""
    assert diagnose(WELL).condition is Condition.WELL


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        ({"etcd_answers": False, "etcd_ready": False, "api_ready": False}, "etcd does not answer, the API"),
        ({"etcd_ready": False}, "etcd is not ready"),
        ({"api_ready": False}, "the API server is not ready"),
        ({"kubelet_answers": False}, "the kubelet does not answer"),
    ],
)
def test_a_part_that_fails_without_a_known_cause_is_dead(seen: dict[str, Any], named: str) -> None:
    """Whatever it is, a successor will not have it; the verdict names the part."""
    verdict = diagnose(replace(WELL, **seen))
    assert verdict.condition is Condition.DEAD
    assert named in verdict.what


@pytest.mark.parametrize(
    ("seen", "condition", "named"),
    [
        ({"clock_offset_seconds": 601.0}, Condition.CLOCK_SKEW, "601 s ahead"),
        ({"clock_offset_seconds": -601.0}, Condition.CLOCK_SKEW, "601 s behind"),
        ({"disk": Disk(space=ROOM.space, trouble="it is read-only")}, Condition.STORAGE_FAILURE, "read-only"),
        ({"last_words": _said(Cause.STORAGE)}, Condition.STORAGE_FAILURE, "so it was said"),
        ({"disk": NO_ROOM}, Condition.FULL, "100 of 20480 MiB are free"),
        ({"last_words": _said(Cause.FULL)}, Condition.FULL, "volume is full"),
        ({"last_words": _said(Cause.DAMAGED)}, Condition.CORRUPT, "data are damaged: so it was said"),
        ({"last_words": _said(Cause.REMOVED)}, Condition.CORRUPT, "removed it"),
        ({"days_left": 0.0}, Condition.EXPIRING, "0.0 more days"),
    ],
)
def test_what_a_successor_would_inherit_is_not_dead(
    seen: dict[str, Any], condition: Condition, named: str
) -> None:
    """The same volume, cluster and clock wait for it; nothing of the master answers in each of these."""
    verdict = diagnose(replace(DOWN, kubelet_answers=False, **seen))
    assert verdict.condition is condition
    assert named in str(verdict)


@pytest.mark.parametrize(
    ("seen", "condition"),
    [
        ({"alarms": frozenset({"NOSPACE"})}, Condition.FULL),
        ({"alarms": frozenset({"CORRUPT"})}, Condition.CORRUPT),
        ({"disk": NO_ROOM}, Condition.FULL),
        ({"days_left": 29.0}, Condition.EXPIRING),
        ({"days_left": 31.0}, Condition.WELL),
        ({"days_left": None, "clock_offset_seconds": None}, Condition.WELL),
        ({"clock_offset_seconds": 299.0}, Condition.WELL),
        ({"not_healthy": ("kube-scheduler",)}, Condition.DEGRADED),
        ({"not_healthy": ("kube-scheduler",), "api_ready": False}, Condition.DEAD),
    ],
)
def test_coming_failures_are_seen_while_all_works(seen: dict[str, Any], condition: Condition) -> None:
    """A certificate that expires soon, a disk that is nearly full; what is unknown is not a failure."""
    assert diagnose(replace(WELL, **seen)).condition is condition


def test_the_cause_counts_before_its_effects() -> None:
    """A clock that is off makes certificates look expired; a full disk makes data look damaged."""
    everything = replace(DOWN, days_left=0.0, last_words=_said(Cause.DAMAGED), disk=NO_ROOM)
    assert diagnose(everything).condition is Condition.FULL
    assert diagnose(replace(everything, clock_offset_seconds=4000.0)).condition is Condition.CLOCK_SKEW


BAD = Verdict(condition=Condition.DEAD)
GOOD = Verdict(condition=Condition.WELL)


def _history(*looks: tuple[float, Verdict]) -> HealthHistory:
    course = HealthHistory(grace_seconds=60, recovery_seconds=30)
    for now, verdict in looks:
        course.add(verdict, now=now)
    return course


def test_nothing_is_due_before_the_grace_time_is_over() -> None:
    """A restart of etcd or of the API server is no reason for anything."""
    course = _history((0, BAD), (55, BAD))
    assert not course.is_due(BAD, now=59)
    assert course.is_due(BAD, now=60)


def test_another_condition_does_not_restart_the_grace_time() -> None:
    """Dead at first, and then its log says that it is corrupt: it has been unwell all the time."""
    corrupt = Verdict(condition=Condition.CORRUPT)
    assert _history((0, BAD), (30, corrupt)).is_due(corrupt, now=60)


def test_a_short_recovery_is_none() -> None:
    """A container that crashes again and again is up in between."""
    course = _history((0, BAD), (20, GOOD), (40, BAD))
    assert course.is_due(BAD, now=60)


def test_a_master_that_is_slow_at_times_is_left_alone() -> None:
    """Under load one look in five finds no answer in time: the others do."""
    looks = [(5.0 * number, BAD if number % 5 == 0 else GOOD) for number in range(60)]
    course = HealthHistory(grace_seconds=60, recovery_seconds=30)
    due = []
    for now, verdict in looks:
        course.add(verdict, now=now)
        due.append(course.is_due(verdict, now=now))
    assert not any(due)


def test_a_recovery_that_lasts_ends_it() -> None:
    """And nothing is ever due while the master is well."""
    course = _history((0, BAD), (20, GOOD))
    assert not course.is_due(GOOD, now=80)
    course.add(GOOD, now=50)
    assert course.is_well
    course.add(BAD, now=60)
    assert not course.is_due(BAD, now=100)
