"""A first creation in which CloudFormation completes groups before their launch hooks are completed.

In the other tests each group waits until its master is in service.
"""

from pathlib import Path

import pytest

from tests.deploy.deployment import deployed

pytestmark = pytest.mark.deploy


def test_a_cluster_is_created_where_groups_do_not_wait(tmp_path: Path) -> None:
    """The stack is complete after three signals, and every master is in service."""
    with deployed(tmp_path, new_groups="launched") as deployment:
        for slot in "abc":
            (member,) = deployment.group(slot)["Instances"]
            assert member["LifecycleState"] == "InService"
        ready = [
            e for e in deployment.events("ControlPlane") if e["LogicalResourceId"] == "ControlPlaneReady"
        ]
        assert ready[-1]["ResourceStatus"] == "CREATE_COMPLETE"
