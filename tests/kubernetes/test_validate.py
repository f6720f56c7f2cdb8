"""`validate` and `events` of a real cluster: nothing while it is well, and what is wrong while it is not."""

import json
from typing import Any

import pytest

from kubequorum_cli import validate
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import found_ids, wait_for_nodes, wait_until_nothing_is_found
from tests.lab.program import Program

pytestmark = pytest.mark.deploy


def test_nothing_is_found_while_all_is_well(cluster: Deployment, program: Program) -> None:
    """Nor is there anything that could not be looked at."""
    wait_until_nothing_is_found(cluster)
    snapshot = validate.collect(cluster.target)
    assert [name for name, part in vars(snapshot).items() if getattr(part, "value", part) is None] == []
    done = program("validate", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["errors"], found["findings"]) == (0, 0, [])


def test_a_master_without_power_is_found_until_it_is_replaced(cluster: Deployment, program: Program) -> None:
    """By its slot; `--wait` ends when its successor is in service."""
    old = cluster.master("b")
    cluster.faults.power_loss(old)
    cluster.wait_until(lambda: "slot-without-master" in found_ids(cluster), "it is found", seconds=30)
    waited = program("validate", "--wait", "5m")
    assert waited.returncode == 0, waited.stdout
    assert cluster.master("b") != old
    wait_for_nodes(cluster, 5)


def test_what_has_happened_is_listed(cluster: Deployment, program: Program) -> None:
    """By everybody; the replacement of the previous test, too."""
    done = program("events", "--since", "1d", "--json")
    assert done.returncode == 0, done.stderr
    events: list[dict[str, Any]] = json.loads(done.stdout)["events"]
    assert {event["source"] for event in events} == {"stack", "group", "node", "kube-system"}
    launched = [e for e in events if e["source"] == "group" and cluster.master("b") in e["text"]]
    assert launched[0]["subject"] == cluster.groups["b"]
