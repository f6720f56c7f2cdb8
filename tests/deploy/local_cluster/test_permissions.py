"""What the policies of a deployment deny."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy


def test_the_ca_set_cannot_be_overwritten(deployment: Deployment) -> None:
    """Below pki/ the bucket accepts only conditional writes, and so only the first one."""
    s3 = deployment.client_of_role("s3", actions=["s3:*", "kms:*"])
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    with pytest.raises(ClientError) as denied:
        s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"unconditional")
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as exists:
        s3.put_object(Bucket=bucket, Key="pki/ca-set", Body=b"second", IfNoneMatch="*")
    assert exists.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="pki/ca-set")["Body"].read() == b"first"


def _refused(change: Callable[[], object]) -> bool:
    """Whether AWS refuses a call because a permission is missing."""
    try:
        change()
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDenied", "UnauthorizedOperation"}:
            raise
        return True
    return False


def test_a_role_cannot_touch_another_slot(deployment: Deployment) -> None:
    """With the permissions of slot a: its record, keys and volume can be changed, those of slot b cannot."""
    profile = deployment.described_master("a")["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = deployment.client("iam").get_instance_profile(InstanceProfileName=profile)
    role = described["InstanceProfile"]["Roles"][0]["RoleName"]
    outputs = deployment.outputs("State")
    bucket = outputs["StateBucketArn"].removeprefix("arn:aws:s3:::")
    instance = deployment.master("a")
    route53, s3, ec2 = (deployment.client_with_rights_of(role, name) for name in ("route53", "s3", "ec2"))

    def point(client: Any, slot: str, action: str = "UPSERT") -> None:
        record = {
            "Name": f"etcd-{slot}.local.kubequorum.internal.",
            "Type": "A",
            "TTL": 5,
            "ResourceRecords": [{"Value": "10.77.0.9"}],
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        client.change_resource_record_sets(HostedZoneId=outputs["ZoneId"], ChangeBatch={"Changes": changes})

    assert not _refused(lambda: point(route53, "a"))
    assert _refused(lambda: point(route53, "a", "DELETE"))
    assert _refused(lambda: point(route53, "b"))
    assert not _refused(lambda: s3.put_object(Bucket=bucket, Key="slots/a/test", Body=b"x"))
    assert _refused(lambda: s3.put_object(Bucket=bucket, Key="slots/b/test", Body=b"x"))
    own, other = outputs["EtcdVolumeAId"], outputs["EtcdVolumeBId"]
    assert _refused(lambda: ec2.attach_volume(VolumeId=other, InstanceId=instance, Device="/dev/xvdf"))
    assert not _refused(lambda: ec2.attach_volume(VolumeId=own, InstanceId=instance, Device="/dev/xvdf"))
    assert not _refused(lambda: ec2.detach_volume(VolumeId=own, InstanceId=instance))
    # Restore the state.
    point(deployment.client("route53"), "a", "DELETE")
    deployment.client("s3").delete_object(Bucket=bucket, Key="slots/a/test")
    deployment.client("ec2").get_waiter("volume_available").wait(VolumeIds=[own])
