"""Which findings of `validate` close the gate, beside a healthy cluster."""

from dataclasses import replace
from typing import Any

import pytest

from kubequorum_cli.parts import ABSENT
from kubequorum_cli.roll import closed
from kubequorum_cli.validate import KINDS, Severity, Snapshot, find, kinds
from tests.kubequorum_cli.validate.healthy import (
    Change,
    ago,
    an_instance,
    change,
    healthy,
    unread,
    without_instance,
)

_TARGETS = {f"i-{slot}:6443": "healthy" for slot in "abc"}


def _ids(snapshot: Snapshot) -> set[str]:
    return {finding.id for finding in closed(snapshot)}


def test_a_healthy_cluster_is_open() -> None:
    """So is one whose masters are processes, of which only groups and stacks are known."""
    assert _ids(healthy()) == set()
    names = ("volumes", "load_balancers", "names", "records", "backups", "api", "nodes", "pods", "addons")
    absent: dict[str, Any] = dict.fromkeys(names, ABSENT)
    bare = replace(healthy(), **absent)
    assert _ids(bare) == set()


@pytest.mark.parametrize(
    ("made", "id_"),
    [
        (without_instance("i-b"), "slot-without-master"),
        (an_instance("i-b", lifecycle_state="Pending:Wait"), "instance-in-progress"),
        (an_instance("i-b", lifecycle_state="Terminating:Wait"), "instance-in-progress"),
        (an_instance("i-b", health="Unhealthy"), "instance-unhealthy"),
        (change("stacks", "mine-Workers", status="UPDATE_IN_PROGRESS"), "stack-in-progress"),
        (change("records", "b", stage="joining"), "master-joining"),
        (change("records", "b", outcome="booting"), "master-booting"),
        (change("records", "b", outcome="unwell: MasterFull"), "master-unwell"),
        (change("records", "b", instance="i-old"), "record-of-another"),
        (change("groups", "group-b", suspended=["Launch"]), "group-suspended"),
        (
            change("load_balancers", "mine-api", targets={**_TARGETS, "i-b:6443": "initial"}),
            "target-in-progress",
        ),
        (
            change("load_balancers", "mine-api", targets={**_TARGETS, "i-b:6443": "unhealthy"}),
            "target-unhealthy",
        ),
        (change("load_balancers", "mine-api", targets={"i-a:6443": "healthy"}), "target-missing"),
        (change("pods", "kube-apiserver-i-b", ready=False), "control-plane-pod-not-ready"),
        (change("nodes", "i-w1", ready=False), "node-not-ready"),
        (change("backups", "", newest=ago(hours=1), newest_age_seconds=3600.0), "backup-late"),
        (unread("nodes"), "unreadable"),
    ],
)
def test_closed(made: Change, id_: str) -> None:
    """By what concerns masters, by every error, and by a deployment."""
    assert id_ in _ids(made(healthy()))


@pytest.mark.parametrize(
    ("made", "id_"),
    [
        (an_instance("i-w1", lifecycle_state="Pending:Wait"), "instance-in-progress"),
        (change("groups", "group-general", suspended=["Launch"]), "group-suspended"),
        (
            change("load_balancers", "mine-api", targets={**_TARGETS, "i-gone:6443": "draining"}),
            "target-in-progress",
        ),
        (an_instance("i-b", scheduled_events=["system-reboot"]), "instance-scheduled"),
        (change("backups", "", drill=ago(days=3)), "drill-late"),
        (change("stacks", "mine-Workers", status="UPDATE_ROLLBACK_COMPLETE"), "stack-rolled-back"),
    ],
)
def test_open_beside(made: Change, id_: str) -> None:
    """Workers come and go, a master that was replaced leaves its load balancer: that is only seen."""
    snapshot = made(healthy())
    assert id_ in {finding.id for finding in find(snapshot)}
    assert _ids(snapshot) == set()


def test_every_warning_was_thought_of() -> None:
    """A new kind of warning is either something under way, which closes the gate, or named here."""
    beside = {
        kinds.STACK_ROLLED_BACK,
        kinds.GROUP_IN_PROGRESS,
        kinds.INSTANCE_SCHEDULED,
        kinds.NODE_WITHOUT_INSTANCE,
        kinds.KUBELET_DIFFERS,
        kinds.SYSTEM_POD,
        kinds.CERTIFICATE_EXPIRING,
        kinds.OWN_CLOCK,
        kinds.BACKUP_IN_PROGRESS,
        kinds.FULL_SNAPSHOT_LATE,
        kinds.DRILL_LATE,
        kinds.ADDON_IN_PROGRESS,
    }
    closing = {
        kinds.STACK_IN_PROGRESS,
        kinds.SLOT_IN_PROGRESS,
        kinds.MASTER_JOINING,
        kinds.MASTER_BOOTING,
        kinds.API_IN_PROGRESS,
        kinds.NODE_IN_PROGRESS,
        kinds.GROUP_SUSPENDED,
        kinds.INSTANCE_IN_PROGRESS,
        kinds.HOOK_WAITS_LONG,
        kinds.TARGET_IN_PROGRESS,
    }
    assert beside | closing == {kind for kind in KINDS if kind.severity is Severity.WARNING}
