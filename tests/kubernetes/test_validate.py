"""`validate` and `events` of a real cluster: nothing while it is well, and what is wrong while it is not."""

import json
from typing import Any

import pytest

from kubequorum_cli import validate
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import wait_for_nodes
from tests.lab.program import Program

pytestmark = pytest.mark.deploy


def _ids(cluster: Deployment) -> set[str]:
    return {finding.id for finding in validate.find(validate.collect(cluster.target))}


def test_nothing_is_found_while_all_is_well(cluster: Deployment, program: Program) -> None:
    """Not even a warning, once masters have removed the Nodes that earlier tests have left."""
    cluster.sh(cluster.master("a"), "systemctl start kubequorum-stale-nodes.service")
    cluster.wait_until(lambda: _ids(cluster) == set(), "nothing is found")
    snapshot = validate.collect(cluster.target)
    assert [name for name, part in vars(snapshot).items() if getattr(part, "value", part) is None] == []
    done = program("validate", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["errors"], found["findings"]) == (0, 0, [])


def test_a_master_without_power_is_found_until_it_is_replaced(cluster: Deployment, program: Program) -> None:
    """By its slot; `--wait` ends when its successor is in service."""
    old = cluster.master("b")
    cluster.faults.power_loss(old)
    cluster.wait_until(lambda: "slot-without-master" in _ids(cluster), "it is found", seconds=30)
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
