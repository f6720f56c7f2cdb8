"""A boot that cannot succeed fails the deployment with its reason in the events, and is rolled back."""

import hashlib
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import yaml

from emulator.faults import ApiRule
from kubequorum_cli.errors import CommandError
from tests.deploy.deployment import Deployment, bootstrapped

pytestmark = pytest.mark.deploy


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Nothing is deployed yet. What fails needs one master alone, and reaches no worker."""
    with bootstrapped(tmp_path_factory.mktemp("bad-boot"), machines="nspawn") as deployment:
        path = deployment.cdk.cluster_file
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        document["zones"] = document["zones"][:1]
        del document["worker_groups"]
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        yield deployment


def _failed_deploy(deployment: Deployment) -> str:
    """Deploy, check that it fails and is rolled back; the reasons in the events of the control plane."""
    with pytest.raises(CommandError):
        deployment.deploy()
    (stack,) = deployment.client("cloudformation").describe_stacks(StackName="local-ControlPlane")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    failed = [e for e in deployment.events("ControlPlane") if e["ResourceStatus"] == "CREATE_FAILED"]
    return " ".join(event.get("ResourceStatusReason", "") for event in failed)


def test_a_missing_permission(deployment: Deployment) -> None:
    """AWS refuses to attach a master's volume: the event has the error, and the State stack stays."""
    refused = deployment.faults.api(
        ApiRule(service="ec2", operation="AttachVolume", error="UnauthorizedOperation", status=403)
    )
    # Only a signal's unique id can carry a reason, 64 characters of it; the console has all of it.
    assert "UnauthorizedOperation" in _failed_deploy(deployment)
    assert "AttachVolume" in _consoles(deployment)
    assert deployment.outputs("State")["EtcdVolumeAId"]
    deployment.faults.clear(refused)


def test_a_wrong_checksum(deployment: Deployment) -> None:
    """A mirror has another file than the lock file pins: the event has the error, the console both sums."""
    lock_file = deployment.cdk.settings.app / "userdata" / "files" / "artifacts.json"
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    version = lock["default_kubernetes_version"]
    release = lock["artifacts"]["crictl"]["versions"][lock["kubernetes_versions"][version]["crictl"]]
    # Not the version in the machine's image, so that it must be downloaded.
    lock["kubernetes_versions"][version]["crictl"] = "0.0.1"
    lock["artifacts"]["crictl"]["versions"]["0.0.1"] = release
    lock_file.write_text(json.dumps(lock), encoding="utf-8")
    s3 = deployment.client("s3")
    s3.create_bucket(Bucket="a-mirror")
    url = urlsplit(release["amd64"]["url"])
    s3.put_object(Bucket="a-mirror", Key=f"releases/{url.netloc}{url.path}", Body=b"something else")
    deployment.change(artifacts={"mirror": "s3://a-mirror/releases"})
    reasons = _failed_deploy(deployment)
    assert "checksum" in reasons
    console = _consoles(deployment)
    assert release["amd64"]["sha256"] in console
    assert hashlib.sha256(b"something else").hexdigest() in console


def _consoles(deployment: Deployment) -> str:
    """The console output of all instances that were launched, terminated ones included."""
    every_state = ("pending", "running", "shutting-down", "terminated", "stopping", "stopped")
    return "\n".join(deployment.console(id_) for id_ in deployment.instances(states=every_state))
