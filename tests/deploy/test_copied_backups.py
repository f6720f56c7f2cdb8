"""Copies of backups in another bucket: a cluster that exists is given one, by the real CDK CLI."""

from typing import Any

import pytest

from tests.deploy.deployment import Deployment, bootstrapped

pytestmark = pytest.mark.deploy

_COPIES = "copies-of-local"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A State stack, and what it needs: without masters."""
    with bootstrapped(tmp_path_factory.mktemp("copies")) as deployment:
        yield deployment


def _deploy(deployment: Deployment) -> str:
    deployment.run_cdk("deploy", "local-State", "--require-approval", "never", "--progress", "events")
    return deployment.outputs("State")["StateBucketArn"].rpartition(":")[2]


def _keys(s3: Any, bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_backups_and_the_ca_set_are_copied_from_the_next_deployment_on(deployment: Deployment) -> None:
    """What is written from then on, and nothing else of the bucket; a deletion stays where it was made."""
    state = _deploy(deployment)
    s3 = deployment.client("s3")
    s3.put_object(Bucket=state, Key="backups/before", Body=b"1", IfNoneMatch="*")
    s3.create_bucket(Bucket=_COPIES)
    s3.put_bucket_versioning(Bucket=_COPIES, VersioningConfiguration={"Status": "Enabled"})
    key = deployment.client("kms").create_key()["KeyMetadata"]["Arn"]
    deployment.change(backups={"replica_bucket": _COPIES, "replica_key_arn": key})
    assert _deploy(deployment) == state
    for name in ("backups/000001/full-1", "pki/1", "slots/a/record.json"):
        s3.put_object(Bucket=state, Key=name, Body=b"1", IfNoneMatch="*")
    assert _keys(s3, _COPIES) == ["backups/000001/full-1", "pki/1"]
    assert s3.head_object(Bucket=state, Key="pki/1")["ReplicationStatus"] == "COMPLETED"
    s3.delete_object(Bucket=state, Key="backups/000001/full-1")
    assert _keys(s3, _COPIES) == ["backups/000001/full-1", "pki/1"]
