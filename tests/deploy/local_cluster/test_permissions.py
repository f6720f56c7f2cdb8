"""What the policies of a deployment deny."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
"""What services call it."""


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
        if error.response["Error"]["Code"] not in _DENIALS:
            raise
        return True
    return False


def role_of_master(deployment: Deployment, slot: str) -> str:
    """Name of the role of a slot's instance."""
    profile = deployment.described_master(slot)["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = deployment.client("iam").get_instance_profile(InstanceProfileName=profile)
    return str(described["InstanceProfile"]["Roles"][0]["RoleName"])


def test_a_master_writes_backups_once_in_one_request_or_in_parts(deployment: Deployment) -> None:
    """The bucket refuses what does not say If-None-Match; parts of an upload cannot; masters prune."""
    s3 = deployment.client_with_rights_of(role_of_master(deployment, "a"), "s3")
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    once = {"Bucket": bucket, "Key": "backups/000009/full-00000000000000000001"}
    assert _refused(lambda: s3.put_object(**once, Body=b"x"))
    assert not _refused(lambda: s3.put_object(**once, Body=b"x", IfNoneMatch="*"))
    large = {"Bucket": bucket, "Key": "backups/000009/full-00000000000000000002"}
    upload = s3.create_multipart_upload(**large)["UploadId"]
    part = s3.upload_part(**large, UploadId=upload, PartNumber=1, Body=b"part")
    made = {"UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}
    assert _refused(lambda: s3.complete_multipart_upload(**large, **made))
    assert not _refused(lambda: s3.complete_multipart_upload(**large, **made, IfNoneMatch="*"))
    given_up = s3.create_multipart_upload(**large)["UploadId"]
    assert not _refused(lambda: s3.abort_multipart_upload(**large, UploadId=given_up))
    for key in (once["Key"], large["Key"]):
        assert not _refused(lambda key=key: s3.delete_object(Bucket=bucket, Key=key))  # type: ignore[misc]


def test_masters_keep_programs_and_workers_read_them(deployment: Deployment) -> None:
    """A worker cannot occupy a program's place, nor see what else the bucket has; a master writes once."""
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    copy = {"Bucket": bucket, "Key": f"programs/{'0' * 64}"}
    master, worker = (
        deployment.client_with_rights_of(role, "s3")
        for role in (role_of_master(deployment, "a"), role_of_worker(deployment))
    )
    assert _refused(lambda: worker.put_object(**copy, Body=b"x", IfNoneMatch="*"))
    assert _refused(lambda: master.put_object(**copy, Body=b"x"))
    assert not _refused(lambda: master.put_object(**copy, Body=b"x", IfNoneMatch="*"))
    assert worker.get_object(**copy)["Body"].read() == b"x"
    listed = worker.list_objects_v2(Bucket=bucket, Prefix="programs/")["Contents"]
    assert copy["Key"] in {each["Key"] for each in listed}
    for prefix in ("", "p", "pki/", "slots/"):
        assert _refused(lambda prefix=prefix: worker.list_objects_v2(Bucket=bucket, Prefix=prefix))  # type: ignore[misc]
    assert _refused(lambda: worker.delete_object(**copy))
    assert not _refused(lambda: master.delete_object(**copy))


def role_of_worker(deployment: Deployment) -> str:
    """Name of the role of a worker group's instances."""
    tag = {"Name": "tag-key", "Values": ["kubequorum:worker-group"]}
    found = deployment.client("ec2").describe_instances(Filters=[tag])["Reservations"]
    profile = found[0]["Instances"][0]["IamInstanceProfile"]["Arn"].rpartition("/")[2]
    described = deployment.client("iam").get_instance_profile(InstanceProfileName=profile)
    return str(described["InstanceProfile"]["Roles"][0]["RoleName"])


def test_a_master_adds_to_its_own_audit_log_and_does_nothing_else_to_it(deployment: Deployment) -> None:
    """It cannot read, overwrite or delete it, nor write another slot's."""
    s3 = deployment.client_with_rights_of(role_of_master(deployment, "a"), "s3")
    bucket = deployment.outputs("State")["StateBucketArn"].removeprefix("arn:aws:s3:::")
    own = {"Bucket": bucket, "Key": "audit/a/2027/01/15/test"}
    other = {**own, "Key": "audit/b/2027/01/15/test"}
    assert not _refused(lambda: s3.put_object(**own, Body=b"x", IfNoneMatch="*"))
    assert _refused(lambda: s3.put_object(**own, Body=b"y"))
    assert _refused(lambda: s3.put_object(**other, Body=b"x", IfNoneMatch="*"))
    assert _refused(lambda: s3.get_object(**own))
    assert _refused(lambda: s3.delete_object(**own))
    deployment.client("s3").delete_object(**own)


def test_a_master_sends_metrics_of_one_namespace(deployment: Deployment) -> None:
    """Others' metrics, and all alarms, are none of its business."""
    cloudwatch = deployment.client_with_rights_of(role_of_master(deployment, "a"), "cloudwatch")
    data = [{"MetricName": "Test", "Value": 1.0}]
    assert not _refused(lambda: cloudwatch.put_metric_data(Namespace="Kubequorum", MetricData=data))
    assert _refused(lambda: cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=data))
    (name, *_) = [alarm["AlarmName"] for alarm in _alarms(deployment)]
    state = {"AlarmName": name, "StateValue": "OK", "StateReason": "none"}
    assert _refused(lambda: cloudwatch.set_alarm_state(**state))


def _alarms(deployment: Deployment) -> list[dict[str, Any]]:
    return list(deployment.client("cloudwatch").describe_alarms()["MetricAlarms"])


def test_a_role_cannot_touch_another_slot(deployment: Deployment) -> None:
    """With the permissions of slot a: its record, keys and volume can be changed, those of slot b cannot."""
    role = role_of_master(deployment, "a")
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
