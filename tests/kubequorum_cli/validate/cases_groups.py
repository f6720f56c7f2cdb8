"""Findings about stacks, groups, instances and slots."""

from datetime import timedelta

from kubequorum_cli.validate import kinds
from tests.kubequorum_cli.validate.case import case
from tests.kubequorum_cli.validate.healthy import (
    NOW,
    an_instance,
    change,
    drop,
    instance,
    parts,
    unread,
    without_instance,
)

_UPDATING = change("stacks", "mine-ControlPlane", status="UPDATE_IN_PROGRESS")
_LEAVING = an_instance("i-b", lifecycle_state="Terminating:Wait")
_BOOTING = an_instance("i-w1", lifecycle_state="Pending:Wait")

CASES = (
    case(kinds.UNREADABLE, "volumes", unread("volumes"), seen="AccessDenied"),
    case(kinds.STACK_MISSING, "mine-Network", drop("stacks", "mine-Network"), seen="no such stack"),
    case(
        kinds.STACK_FAILED,
        "mine-Workers",
        change("stacks", "mine-Workers", status="UPDATE_ROLLBACK_FAILED", reason="no capacity"),
        seen="UPDATE_ROLLBACK_FAILED: no capacity",
    ),
    case(
        kinds.STACK_FAILED,
        "mine-Workers",
        change("stacks", "mine-Workers", status="ROLLBACK_COMPLETE"),
        seen="ROLLBACK_COMPLETE",
    ),
    case(
        kinds.STACK_ROLLED_BACK,
        "mine-Workers",
        change("stacks", "mine-Workers", status="UPDATE_ROLLBACK_COMPLETE"),
        seen="UPDATE_ROLLBACK_COMPLETE",
    ),
    case(kinds.STACK_IN_PROGRESS, "mine-ControlPlane", _UPDATING, seen="UPDATE_IN_PROGRESS"),
    case(
        kinds.GROUP_SHORT,
        "group-general",
        without_instance("i-w2"),
        drop("nodes", "i-w2"),
        seen="1 of 2 in service",
    ),
    case(
        kinds.GROUP_IN_PROGRESS,
        "group-general",
        _BOOTING,
        drop("nodes", "i-w1"),
        seen="1 of 2 in service",
        others=("instance-in-progress",),
    ),
    case(
        kinds.GROUP_SUSPENDED,
        "group-b",
        change("groups", "group-b", suspended=["AZRebalance", "Launch"]),
        seen="suspended: Launch",
    ),
    case(
        kinds.INSTANCE_UNHEALTHY, "i-a", an_instance("i-a", health="Unhealthy"), seen="InService, Unhealthy"
    ),
    case(kinds.INSTANCE_NOT_RUNNING, "i-a", an_instance("i-a", state="stopped"), seen="Healthy, stopped"),
    case(kinds.INSTANCE_IMPAIRED, "i-w1", an_instance("i-w1", status_checks="impaired"), seen="impaired"),
    case(
        kinds.INSTANCE_SCHEDULED,
        "i-c",
        an_instance("i-c", scheduled_events=["instance-retirement not before 2027-02-01"]),
        seen="instance-retirement",
    ),
    case(
        kinds.INSTANCE_IN_PROGRESS,
        "i-w1",
        _BOOTING,
        drop("nodes", "i-w1"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=40)}),
        seen="Pending:Wait for 40 s",
        others=("group-in-progress",),
    ),
    case(
        kinds.HOOK_WAITS_LONG,
        "i-w1",
        _BOOTING,
        drop("nodes", "i-w1"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=301)}),
        seen="Pending:Wait for 301 s",
        others=("group-in-progress",),
    ),
    case(
        kinds.HOOK_WAITS_LONG,
        "i-w1",
        an_instance("i-w1", lifecycle_state="Terminating:Wait"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=901)}),
        seen="Terminating:Wait for 901 s",
        others=("group-short",),
    ),
    case(
        kinds.SLOT_WITHOUT_MASTER,
        "b",
        _LEAVING,
        seen="i-b Terminating:Wait",
        others=("instance-in-progress", "target-in-progress"),
    ),
    case(
        kinds.SLOT_IN_PROGRESS,
        "b",
        _LEAVING,
        _UPDATING,
        seen="i-b Terminating:Wait",
        others=("instance-in-progress", "stack-in-progress", "target-in-progress"),
    ),
    case(
        kinds.SLOT_CROWDED,
        "c",
        change("groups", "group-c", instances=[instance("i-c", "10.0.2.10"), instance("i-c2", "10.0.2.10")]),
        seen="i-c InService, i-c2 InService",
        others=("node-missing",),
    ),
    case(
        kinds.NO_QUORUM,
        "mine",
        *map(without_instance, ("i-a", "i-b")),
        seen="1 of 3 masters in service",
        others=("slot-without-master", "target-foreign", "volume-elsewhere", "node-without-instance"),
    ),
    case(
        kinds.RECORD_MISSING,
        "a",
        lambda s: parts(records={**s.records.known, "a": None})(s),
        seen="i-a is in service",
    ),
    case(kinds.RECORD_OF_ANOTHER, "a", change("records", "a", instance="i-old"), seen="it names i-old"),
    case(
        kinds.MASTER_UNWELL,
        "b",
        change("records", "b", outcome="unwell: full: the volume is full"),
        seen="i-b: unwell: full",
    ),
    case(
        kinds.MASTER_BOOT_FAILED,
        "b",
        change("records", "b", outcome="failed: no disk"),
        seen="failed: no disk",
    ),
    case(kinds.MASTER_JOINING, "c", change("records", "c", stage="joining"), seen="joining"),
    case(kinds.MASTER_BOOTING, "c", change("records", "c", outcome="booting"), seen="i-c: booting"),
)
