"""Findings about Kubernetes, certificates, clocks, backups and addons."""

from datetime import timedelta

from kubequorum_cli.validate import kinds
from kubequorum_cli.validate.snapshot import Clocks
from tests.kubequorum_cli.validate.case import CREATING, case
from tests.kubequorum_cli.validate.healthy import NOW, ago, change, drop, instance, parts, unread

CASES = (
    case(
        kinds.API_UNREACHABLE,
        "https://api.mine.internal:6443",
        unread("api", "timed out"),
        seen="timed out",
    ),
    case(
        kinds.API_IN_PROGRESS,
        "https://api.mine.internal:6443",
        CREATING,
        unread("api", "no credentials"),
        seen="no credentials",
        others=("stack-in-progress",),
    ),
    case(
        kinds.API_NOT_READY,
        "https://api.mine.internal:6443",
        change("api", "", failed_checks=["etcd"]),
        seen="etcd",
    ),
    case(kinds.NODE_MISSING, "i-w2", drop("nodes", "i-w2"), seen="no Node object"),
    case(kinds.NODE_NOT_READY, "i-a", change("nodes", "i-a", ready=False), seen="not Ready"),
    case(
        kinds.NODE_IN_PROGRESS,
        "i-a",
        CREATING,
        change("nodes", "i-a", ready=False),
        seen="not Ready",
        others=("stack-in-progress",),
    ),
    case(
        kinds.NODE_WITHOUT_INSTANCE,
        "i-w2",
        change("groups", "group-general", desired=1, instances=[instance("i-w1", "10.0.0.20")]),
        seen="Ready, and in no group",
    ),
    *(
        case(
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
    case(
        kinds.CONTROL_PLANE_POD,
        "etcd-i-b",
        change("pods", "etcd-i-b", ready=False, why="CrashLoopBackOff"),
        seen="CrashLoopBackOff",
    ),
    case(kinds.CONTROL_PLANE_POD, "etcd-i-b", drop("pods", "etcd-i-b"), seen="no such pod"),
    case(
        kinds.SYSTEM_POD, "coredns-1", change("pods", "coredns-1", ready=False, why="Pending"), seen="Pending"
    ),
    case(
        kinds.CERTIFICATE_EXPIRED,
        "administrator",
        parts(credentials_end={"administrator": NOW - timedelta(seconds=1)}),
        seen="2027-01-15 11:59",
    ),
    *(
        case(kinds.CERTIFICATE_EXPIRING, name, parts(credentials_end={name: NOW + left}), seen="valid until")
        for name, left in (("administrator", timedelta(hours=11)), ("ca", timedelta(days=179)))
    ),
    case(
        kinds.CERTIFICATE_EXPIRING,
        "api-server",
        change("api", "", certificate_ends=NOW + timedelta(days=29)),
        seen="2027-02-13",
    ),
    case(
        kinds.OWN_CLOCK,
        "this computer",
        parts(clocks=Clocks(own=NOW - timedelta(seconds=90), aws=NOW)),
        seen="90 s behind AWS",
    ),
    case(
        kinds.API_CLOCK,
        "API server",
        change("api", "", clock=NOW + timedelta(seconds=310)),
        seen="310 s ahead of AWS",
    ),
    case(
        kinds.BACKUP_MISSING,
        "state bucket",
        change("backups", "", problem="there is none yet", newest="", newest_age_seconds=None),
        seen="none yet",
    ),
    case(
        kinds.BACKUP_IN_PROGRESS,
        "state bucket",
        CREATING,
        change("backups", "", problem="there is none yet", newest="", newest_age_seconds=None),
        seen="none yet",
        others=("stack-in-progress",),
    ),
    case(
        kinds.BACKUP_LATE,
        "state bucket",
        change("backups", "", newest=ago(seconds=301), newest_age_seconds=301.0),
        seen=ago(seconds=301),
    ),
    case(
        kinds.FULL_SNAPSHOT_LATE,
        "state bucket",
        change("backups", "", full_written=ago(minutes=16)),
        seen="1/4711",
    ),
    case(kinds.DRILL_FAILED, "restore drill", change("backups", "", drill_passed=False), seen="failed"),
    case(kinds.DRILL_LATE, "restore drill", change("backups", "", drill=ago(hours=49)), seen="last one"),
    case(
        kinds.DRILL_LATE,
        "restore drill",
        change("backups", "", drill="", drill_passed=None),
        seen="there was none",
    ),
    *(
        case(
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
