"""A boot that cannot succeed fails the deploy, says why in the stack's events, and is rolled back."""

from pathlib import Path

import pytest

from local.cli.errors import CommandError
from tests.local.deploy.deployment import Deployment, bootstrapped

pytestmark = pytest.mark.deploy


def _deploy_in_vain(deployment: Deployment) -> str:
    """Deploy, see it fail and rolled back, and return the reasons in the events of the control plane."""
    with pytest.raises(CommandError):
        deployment.deploy()
    (stack,) = deployment.client("cloudformation").describe_stacks(StackName="local-ControlPlane")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [e for e in deployment.events("ControlPlane") if e["ResourceStatus"] == "CREATE_FAILED"]
    return " ".join(event.get("ResourceStatusReason", "") for event in failed)


def test_a_missing_permission(tmp_path: Path) -> None:
    """A role that may not attach its volume: the event names the action, and the State stack stays."""
    with bootstrapped(tmp_path, machines="nspawn") as deployment:
        permissions = deployment.cdk.settings.app / "constructs" / "kubequorum" / "permissions.py"
        text = permissions.read_text(encoding="utf-8")
        assert '"ec2:AttachVolume"' in text
        permissions.write_text(text.replace('"ec2:AttachVolume"', '"ec2:DescribeVolumeStatus"'), "utf-8")
        assert "AttachVolume" in _deploy_in_vain(deployment)
        assert deployment.outputs("State")["EtcdVolumeAId"]
