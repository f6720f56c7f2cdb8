"""`roll` of a real cluster: that master and no other, and over only when the cluster is healthy again."""

import json
from typing import Any

import pytest

from kubequorum_cli import validate
from kubequorum_cli.roll import closed
from lab.cluster.health import problems
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import wait_until_nothing_is_found
from tests.lab.program import Program

pytestmark = pytest.mark.deploy


def test_one_master_is_replaced(cluster: Deployment, program: Program) -> None:
    """With its volume, after a backup; the same command with the moment of the first has nothing to do."""
    wait_until_nothing_is_found(cluster)
    before, volume = cluster.masters(), cluster.volume("c")
    done = program("roll", "--slot", "c", "--yes", "--json")
    gates = closed(validate.collect(cluster.target))
    # Not by what `roll` has judged by: etcd's members and API servers themselves are asked.
    found_then = problems(cluster)
    assert done.returncode == 0, done.stderr
    assert gates == []
    rolled: dict[str, Any] = json.loads(done.stdout)
    after = cluster.masters()
    assert found_then == []
    assert [slot for slot in after if after[slot] != before[slot]] == ["c"]
    assert cluster.volume("c") == volume
    (step,) = rolled["steps"]
    assert (step["instance"], step["successor"], step["state"]) == (before["c"], after["c"], "replaced")
    assert step["template"] == step["template_after"]
    listed = json.loads(program("backups", "--json").stdout)["generations"][0]["full_snapshots"]
    assert rolled["backup"] in [full["id"] for full in listed]
    moment = rolled["continue_with"].rpartition(" ")[2]
    again = program("roll", "--slot", "c", "--yes", "--launched-before", moment)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Nothing to replace")
    wait_until_nothing_is_found(cluster)
    assert cluster.masters() == after
