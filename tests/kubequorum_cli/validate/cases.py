"""For each kind of finding, how a healthy cluster is changed so that it is found, and where."""

from datetime import timedelta
from typing import NamedTuple

from kubequorum_cli.validate import Kind, kinds
from kubequorum_cli.validate.snapshot import Clocks
from tests.kubequorum_cli.validate.healthy import (
    NOW,
    Change,
    ago,
    an_instance,
    change,
    drop,
    instance,
    parts,
    unread,
    without_instance,
)


class Case(NamedTuple):
    """A change, and what is then found: all errors and warnings, with the id of each subject."""

    kind: Kind
    subject: str
    changes: tuple[Change, ...]
    seen: str
    """A part of the text that is seen."""
    others: frozenset[str] = frozenset()
    """Ids of other kinds that follow from the same change."""


def _case(kind: Kind, subject: str, *changes: Change, seen: str, others: tuple[str, ...] = ()) -> Case:
    return Case(kind, subject, changes, seen, frozenset(others))


_UPDATING = change("stacks", "mine-ControlPlane", status="UPDATE_IN_PROGRESS")
_CREATING = change("stacks", "mine-ControlPlane", status="CREATE_IN_PROGRESS", created=ago(minutes=1))
_LEAVING = an_instance("i-b", lifecycle_state="Terminating:Wait")
_BOOTING = an_instance("i-w1", lifecycle_state="Pending:Wait")

CASES = (
    _case(kinds.UNREADABLE, "volumes", unread("volumes"), seen="AccessDenied"),
    _case(kinds.STACK_MISSING, "mine-Network", drop("stacks", "mine-Network"), seen="no such stack"),
    _case(
        kinds.STACK_FAILED,
        "mine-Workers",
        change("stacks", "mine-Workers", status="UPDATE_ROLLBACK_FAILED", reason="no capacity"),
        seen="UPDATE_ROLLBACK_FAILED: no capacity",
    ),
    _case(
        kinds.STACK_FAILED,
        "mine-Workers",
        change("stacks", "mine-Workers", status="ROLLBACK_COMPLETE"),
        seen="ROLLBACK_COMPLETE",
    ),
    _case(
        kinds.STACK_ROLLED_BACK,
        "mine-Workers",
        change("stacks", "mine-Workers", status="UPDATE_ROLLBACK_COMPLETE"),
        seen="UPDATE_ROLLBACK_COMPLETE",
    ),
    _case(kinds.STACK_IN_PROGRESS, "mine-ControlPlane", _UPDATING, seen="UPDATE_IN_PROGRESS"),
    _case(
        kinds.GROUP_SHORT,
        "group-general",
        without_instance("i-w2"),
        drop("nodes", "i-w2"),
        seen="1 of 2 in service",
    ),
    _case(
        kinds.GROUP_IN_PROGRESS,
        "group-general",
        _BOOTING,
        drop("nodes", "i-w1"),
        seen="1 of 2 in service",
        others=("instance-in-progress",),
    ),
    _case(
        kinds.GROUP_SUSPENDED,
        "group-b",
        change("groups", "group-b", suspended=["AZRebalance", "Launch"]),
        seen="suspended: Launch",
    ),
    _case(
        kinds.INSTANCE_UNHEALTHY, "i-a", an_instance("i-a", health="Unhealthy"), seen="InService, Unhealthy"
    ),
    _case(kinds.INSTANCE_NOT_RUNNING, "i-a", an_instance("i-a", state="stopped"), seen="Healthy, stopped"),
    _case(kinds.INSTANCE_IMPAIRED, "i-w1", an_instance("i-w1", status_checks="impaired"), seen="impaired"),
    _case(
        kinds.INSTANCE_SCHEDULED,
        "i-c",
        an_instance("i-c", scheduled_events=["instance-retirement not before 2027-02-01"]),
        seen="instance-retirement",
    ),
    _case(
        kinds.INSTANCE_IN_PROGRESS,
        "i-w1",
        _BOOTING,
        drop("nodes", "i-w1"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=40)}),
        seen="Pending:Wait for 40 s",
        others=("group-in-progress",),
    ),
    _case(
        kinds.HOOK_WAITS_LONG,
        "i-w1",
        _BOOTING,
        drop("nodes", "i-w1"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=301)}),
        seen="Pending:Wait for 301 s",
        others=("group-in-progress",),
    ),
    _case(
        kinds.HOOK_WAITS_LONG,
        "i-w1",
        an_instance("i-w1", lifecycle_state="Terminating:Wait"),
        parts(waiting_since={"i-w1": NOW - timedelta(seconds=901)}),
        seen="Terminating:Wait for 901 s",
        others=("group-short",),
    ),
    _case(
        kinds.SLOT_WITHOUT_MASTER,
        "b",
        _LEAVING,
        seen="i-b Terminating:Wait",
        others=("instance-in-progress", "target-in-progress"),
    ),
    _case(
        kinds.SLOT_IN_PROGRESS,
        "b",
        _LEAVING,
        _UPDATING,
        seen="i-b Terminating:Wait",
        others=("instance-in-progress", "stack-in-progress", "target-in-progress"),
    ),
    _case(
        kinds.SLOT_CROWDED,
        "c",
        change("groups", "group-c", instances=[instance("i-c", "10.0.2.10"), instance("i-c2", "10.0.2.10")]),
        seen="i-c InService, i-c2 InService",
        others=("node-missing",),
    ),
    _case(
        kinds.NO_QUORUM,
        "mine",
        *map(without_instance, ("i-a", "i-b")),
        seen="1 of 3 masters in service",
        others=("slot-without-master", "target-foreign", "volume-elsewhere", "node-without-instance"),
    ),
    _case(
        kinds.RECORD_MISSING,
        "a",
        lambda s: parts(records={**s.records.known, "a": None})(s),
        seen="i-a is in service",
    ),
    _case(kinds.RECORD_OF_ANOTHER, "a", change("records", "a", instance="i-old"), seen="it names i-old"),
    _case(
        kinds.MASTER_UNWELL,
        "b",
        change("records", "b", outcome="unwell: full: the volume is full"),
        seen="i-b: unwell: full",
    ),
    _case(
        kinds.MASTER_BOOT_FAILED,
        "b",
        change("records", "b", outcome="failed: no disk"),
        seen="failed: no disk",
    ),
    _case(kinds.MASTER_JOINING, "c", change("records", "c", stage="joining"), seen="joining"),
    _case(kinds.VOLUME_MISSING, "vol-a", drop("volumes", "vol-a"), seen="by its record it has vol-a"),
    _case(
        kinds.VOLUME_MISSING,
        "a",
        drop("volumes", "vol-a"),
        change("records", "a", volume=""),
        seen="no volume has the tags",
    ),
    _case(kinds.VOLUME_FAILED, "vol-b", change("volumes", "vol-b", state="error"), seen="error"),
    _case(
        kinds.VOLUME_DETACHED,
        "vol-b",
        change("volumes", "vol-b", state="available", attached_to=""),
        seen="attached to nothing, and i-b is in service",
    ),
    _case(
        kinds.VOLUME_ELSEWHERE,
        "vol-b",
        change("volumes", "vol-b", attached_to="i-w1"),
        seen="attached to i-w1",
    ),
    _case(
        kinds.BALANCER_NOT_ACTIVE,
        "mine-api",
        change("load_balancers", "mine-api", state="failed"),
        seen="failed",
    ),
    _case(
        kinds.TARGET_MISSING,
        "mine-api",
        change("load_balancers", "mine-api", targets={"i-a:6443": "healthy", "i-b:6443": "healthy"}),
        seen="i-c, the master of slot c",
    ),
    *(
        _case(
            kind,
            f"mine-api/{target}",
            lambda s, target=target, state=state: change(  # type: ignore[misc]
                "load_balancers", "mine-api", targets={**s.load_balancers.known[0].targets, target: state}
            )(s),
            seen=state,
        )
        for kind, target, state in (
            (kinds.TARGET_UNHEALTHY, "i-a:6443", "unhealthy"),
            (kinds.TARGET_UNHEALTHY, "i-a:6443", "unused"),
            (kinds.TARGET_IN_PROGRESS, "i-a:6443", "initial"),
            (kinds.TARGET_IN_PROGRESS, "i-gone:6443", "draining"),
            (kinds.TARGET_FOREIGN, "i-w1:6443", "unhealthy"),
        )
    ),
    _case(
        kinds.NAME_MISSING,
        "etcd-a.mine.internal",
        drop("names", "etcd-a.mine.internal."),
        seen="10.0.0.10, i-a",
    ),
    _case(kinds.NAME_MISSING, "api.mine.internal", drop("names", "api.mine.internal."), seen="no record"),
    _case(
        kinds.NAME_WRONG,
        "etcd-c.mine.internal",
        change("names", "etcd-c.mine.internal.", values=["10.9.9.9"]),
        seen="10.9.9.9, and should lead to 10.0.2.10",
    ),
    _case(
        kinds.NAME_WRONG,
        "api.mine.internal",
        change("names", "api.mine.internal.", values=["dualstack.other.elb.amazonaws.com."]),
        seen="other.elb",
    ),
    _case(
        kinds.API_UNREACHABLE,
        "https://api.mine.internal:6443",
        unread("api", "timed out"),
        seen="timed out",
    ),
    _case(
        kinds.API_IN_PROGRESS,
        "https://api.mine.internal:6443",
        _CREATING,
        unread("api", "no credentials"),
        seen="no credentials",
        others=("stack-in-progress",),
    ),
    _case(
        kinds.API_NOT_READY,
        "https://api.mine.internal:6443",
        change("api", "", failed_checks=["etcd"]),
        seen="etcd",
    ),
    _case(kinds.NODE_MISSING, "i-w2", drop("nodes", "i-w2"), seen="no Node object"),
    _case(kinds.NODE_NOT_READY, "i-a", change("nodes", "i-a", ready=False), seen="not Ready"),
    _case(
        kinds.NODE_IN_PROGRESS,
        "i-a",
        _CREATING,
        change("nodes", "i-a", ready=False),
        seen="not Ready",
        others=("stack-in-progress",),
    ),
    _case(
        kinds.NODE_WITHOUT_INSTANCE,
        "i-w2",
        change("groups", "group-general", desired=1, instances=[instance("i-w1", "10.0.0.20")]),
        seen="Ready, and in no group",
    ),
    *(
        _case(
            kind,
            "i-w1",
            change("nodes", "i-w1", version=version),
            seen=f"kubelet {version}, newest master v1.36.3",
        )
        for kind, version in (
            (kinds.KUBELET_DIFFERS, "v1.36.2"),
            (kinds.KUBELET_DIFFERS, "v1.33.9"),
            (kinds.KUBELET_UNSUPPORTED, "v1.32.9"),
            (kinds.KUBELET_UNSUPPORTED, "v1.36.4"),
            (kinds.KUBELET_UNSUPPORTED, "v1.37.0"),
        )
    ),
    _case(
        kinds.CONTROL_PLANE_POD,
        "etcd-i-b",
        change("pods", "etcd-i-b", ready=False, why="CrashLoopBackOff"),
        seen="CrashLoopBackOff",
    ),
    _case(kinds.CONTROL_PLANE_POD, "etcd-i-b", drop("pods", "etcd-i-b"), seen="no such pod"),
    _case(
        kinds.SYSTEM_POD, "coredns-1", change("pods", "coredns-1", ready=False, why="Pending"), seen="Pending"
    ),
    _case(
        kinds.CERTIFICATE_EXPIRED,
        "administrator",
        parts(credentials_end={"administrator": NOW - timedelta(seconds=1)}),
        seen="2027-01-15 11:59",
    ),
    *(
        _case(kinds.CERTIFICATE_EXPIRING, name, parts(credentials_end={name: NOW + left}), seen="valid until")
        for name, left in (("administrator", timedelta(hours=11)), ("ca", timedelta(days=179)))
    ),
    _case(
        kinds.CERTIFICATE_EXPIRING,
        "api-server",
        change("api", "", certificate_ends=NOW + timedelta(days=29)),
        seen="2027-02-13",
    ),
    _case(
        kinds.OWN_CLOCK,
        "this computer",
        parts(clocks=Clocks(own=NOW - timedelta(seconds=90), aws=NOW)),
        seen="90 s behind AWS",
    ),
    _case(
        kinds.API_CLOCK,
        "API server",
        change("api", "", clock=NOW + timedelta(seconds=310)),
        seen="310 s ahead of AWS",
    ),
    _case(
        kinds.BACKUP_MISSING,
        "state bucket",
        change("backups", "", problem="there is none yet", newest="", newest_age_seconds=None),
        seen="none yet",
    ),
    _case(
        kinds.BACKUP_IN_PROGRESS,
        "state bucket",
        _CREATING,
        change("backups", "", problem="there is none yet", newest="", newest_age_seconds=None),
        seen="none yet",
        others=("stack-in-progress",),
    ),
    _case(
        kinds.BACKUP_LATE,
        "state bucket",
        change("backups", "", newest=ago(seconds=301), newest_age_seconds=301.0),
        seen=ago(seconds=301),
    ),
    _case(
        kinds.FULL_SNAPSHOT_LATE,
        "state bucket",
        change("backups", "", full_written=ago(minutes=16)),
        seen="1/4711",
    ),
    _case(kinds.DRILL_FAILED, "restore drill", change("backups", "", drill_passed=False), seen="failed"),
    _case(kinds.DRILL_LATE, "restore drill", change("backups", "", drill=ago(hours=49)), seen="last one"),
    _case(
        kinds.DRILL_LATE,
        "restore drill",
        change("backups", "", drill="", drill_passed=None),
        seen="there was none",
    ),
    *(
        _case(
            kind,
            "metrics-server",
            change("addons", "metrics-server", state=state, message="0 of 2 pods", changed=ago(seconds=age)),
            seen=f"{state}: 0 of 2 pods",
        )
        for kind, state, age in (
            (kinds.ADDON_FAILED, "failed", 1),
            (kinds.ADDON_SLOW, "applied", 301),
            (kinds.ADDON_IN_PROGRESS, "applying", 299),
        )
    ),
)
