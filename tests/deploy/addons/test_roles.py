"""Roles of addons, with which the calls of their programs are made: what is theirs, and the same on others'.

The programs are not run: they cannot be built here.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

NAME, REGION = "local", "us-east-1"
"""Of clusters/local.yaml."""


def test_the_autoscaler_may_resize_workers_and_never_masters(deployment: Deployment) -> None:
    """The calls that the program makes, with its role; and a deploy leaves what it has chosen."""
    role = f"{NAME}-{REGION}-cluster-autoscaler"
    own = deployment.client_with_rights_of(role, "autoscaling")
    assert deployment.client_with_rights_of(role, "ec2").describe_instance_types()["InstanceTypes"]
    found_by = [f"k8s.io/cluster-autoscaler/{key}" for key in ("enabled", NAME)]
    (workers,) = own.describe_auto_scaling_groups(
        Filters=[{"Name": "tag-key", "Values": [key]} for key in found_by], MaxRecords=100
    )["AutoScalingGroups"]
    assert own.describe_scaling_activities(AutoScalingGroupName=workers["AutoScalingGroupName"])["Activities"]

    def is_refused(group: dict[str, Any]) -> bool:
        """Whether both are; the sizes are its own, so nothing changes if they are not."""
        name, (instance, *_) = group["AutoScalingGroupName"], group["Instances"]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("terminate_instance_in_auto_scaling_group", {"InstanceId": instance["InstanceId"]}),
            ("set_desired_capacity", {"AutoScalingGroupName": name}),
        ]
        calls[0][1]["ShouldDecrementDesiredCapacity"] = True
        calls[1][1].update(DesiredCapacity=group["DesiredCapacity"], HonorCooldown=False)
        return all(_is_denied(getattr(own, call), arguments) for call, arguments in calls)

    groups = deployment.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    masters = [each for each in groups if "kubequorum:slot" in {tag["Key"] for tag in each["Tags"]}]
    assert len(masters) == 3
    assert all(is_refused(each) for each in masters)
    # Whatever somebody tags them with.
    with _tagged(deployment, masters[0], dict.fromkeys(found_by, "owned") | {found_by[0]: "true"}):
        assert is_refused(masters[0])
    for tags in ({"kubequorum:cluster": "other"}, {found_by[1]: "other"}, {"kubequorum:slot": "a"}):
        with _tagged(deployment, workers, tags):
            assert is_refused(workers), tags

    name, size = workers["AutoScalingGroupName"], workers["DesiredCapacity"]
    own.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size + 1, HonorCooldown=False)
    text = deployment.cdk.cluster_file.read_text(encoding="utf-8")
    larger = text.replace(f"max_size: {workers['MaxSize']}\n", f"max_size: {workers['MaxSize'] + 1}\n")
    assert larger != text
    deployment.cdk.cluster_file.write_text(larger, encoding="utf-8")
    deployment.deploy()
    (after,) = own.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert (after["MaxSize"], after["DesiredCapacity"]) == (workers["MaxSize"] + 1, size + 1)
    leaving = after["Instances"][0]["InstanceId"]
    own.terminate_instance_in_auto_scaling_group(InstanceId=leaving, ShouldDecrementDesiredCapacity=True)
    (after,) = own.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    assert after["DesiredCapacity"] == size
    deployment.wait_until(
        lambda: leaving not in [each["id"] for each in _instances(deployment)], "the worker is gone"
    )


def test_the_csi_driver_may_use_its_own_volumes_and_never_those_of_etcd(deployment: Deployment) -> None:
    """The calls that the program makes, with its role; on others' volumes and on masters they are refused."""
    ec2 = deployment.client("ec2")
    own = deployment.client_with_rights_of(f"{NAME}-{REGION}-ebs-csi", "ec2")
    for call in ("availability_zones", "instances", "volumes", "volumes_modifications"):
        assert getattr(own, f"describe_{call}")()
    worker = next(each for each in _instances(deployment) if "kubequorum:worker-group" in each["tags"])
    zone, worker_id = worker["zone"], worker["id"]
    master = next(each for each in _instances(deployment) if "kubequorum:slot" in each["tags"])
    tag = {"Name": "tag-key", "Values": ["kubequorum:slot"]}
    in_zone = {"Name": "availability-zone", "Values": [master["zone"]]}
    (found,) = ec2.describe_volumes(Filters=[tag, in_zone])["Volumes"]
    etcd = found["VolumeId"]
    # As its master does; machines that are processes have no volumes.
    ec2.attach_volume(VolumeId=etcd, InstanceId=master["id"], Device="/dev/xvdba")

    def request(
        tags: Mapping[str, str] | None = None, *, encrypted: bool = True, zone: str = zone
    ) -> dict[str, Any]:
        described = {
            "CSIVolumeName": "pvc-1",
            "ebs.csi.aws.com/cluster": "true",
            "ebs.csi.aws.com/cluster-name": NAME,
            "kubequorum:cluster": NAME,
            **(tags or {}),
        }
        listed = [{"Key": key, "Value": value} for key, value in described.items() if value]
        specification = [{"ResourceType": "volume", "Tags": listed}]
        return {
            "AvailabilityZone": zone,
            "Size": 4,
            "VolumeType": "gp3",
            "Encrypted": encrypted,
            "TagSpecifications": specification,
        }

    assert _is_denied(own.create_volume, request(encrypted=False))
    assert _is_denied(own.create_volume, request({"kubequorum:slot": "a"})), (
        "it would pass for an etcd volume"
    )
    cluster_name = "ebs.csi.aws.com/cluster-name"
    for other in ("", "other"):
        assert _is_denied(own.create_volume, request({cluster_name: other}))
    volume = own.create_volume(**request())["VolumeId"]
    deployment.wait_until(lambda: _state(deployment, volume) == "available", "it is made")
    in_use = {"VolumeId": volume, "InstanceId": worker_id}
    own.attach_volume(**in_use, Device="/dev/xvdba")
    own.modify_volume(VolumeId=volume, Size=8)
    own.detach_volume(**in_use)
    deployment.wait_until(lambda: _state(deployment, volume) == "available", "it is detached")
    there = own.create_volume(**request(zone=master["zone"]))["VolumeId"]
    deployment.wait_until(lambda: _state(deployment, there) == "available", "it is made")
    on_master = {"VolumeId": there, "InstanceId": master["id"], "Device": "/dev/xvdba"}
    assert _is_denied(own.attach_volume, on_master)

    foreign = ec2.create_volume(**request({cluster_name: "other"}))["VolumeId"]
    deployment.wait_until(lambda: _state(deployment, foreign) == "available", "it is made")

    def is_refused(volume_id: str) -> bool:
        """Whether it may do nothing with a volume."""
        attached_to = next(iter(_attached_to(deployment, volume_id)), worker_id)
        calls = [
            ("attach_volume", {"InstanceId": worker_id, "Device": "/dev/xvdbb"}),
            ("detach_volume", {"InstanceId": attached_to}),
            ("modify_volume", {"Size": 100}),
            ("delete_volume", {}),
        ]
        tagging = {"Resources": [volume_id], "Tags": [{"Key": "ebs.csi.aws.com/cluster", "Value": "true"}]}
        return all(
            _is_denied(getattr(own, call), {"VolumeId": volume_id, **arguments}) for call, arguments in calls
        ) and _is_denied(own.create_tags, tagging)

    assert is_refused(foreign)
    assert is_refused(etcd)
    # Whatever somebody tags it with.
    tags = [
        {"Key": f"ebs.csi.aws.com/{key}", "Value": v}
        for key, v in (("cluster", "true"), ("cluster-name", NAME))
    ]
    ec2.create_tags(Resources=[etcd], Tags=tags)
    assert is_refused(etcd)
    ec2.delete_tags(Resources=[etcd], Tags=tags)
    assert _attached_to(deployment, etcd) == [master["id"]]
    ec2.detach_volume(VolumeId=etcd)
    for each in (volume, there):
        own.delete_volume(VolumeId=each)
    ec2.delete_volume(VolumeId=foreign)


def _instances(deployment: Deployment) -> list[dict[str, Any]]:
    """Running instances: their ids, zones and the keys of their tags."""
    found = deployment.client("ec2").describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [
        {
            "id": each["InstanceId"],
            "zone": each["Placement"]["AvailabilityZone"],
            "tags": {tag["Key"] for tag in each["Tags"]},
        }
        for reservation in found["Reservations"]
        for each in reservation["Instances"]
    ]


def _volume(deployment: Deployment, volume_id: str) -> dict[str, Any]:
    (found,) = deployment.client("ec2").describe_volumes(VolumeIds=[volume_id])["Volumes"]
    volume: dict[str, Any] = found
    return volume


def _state(deployment: Deployment, volume_id: str) -> str:
    return str(_volume(deployment, volume_id)["State"])


def _attached_to(deployment: Deployment, volume_id: str) -> list[str]:
    return [each["InstanceId"] for each in _volume(deployment, volume_id)["Attachments"]]


def _is_denied(call: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "UnauthorizedOperation"):
            raise
        return True
    return False


@contextmanager
def _tagged(deployment: Deployment, group: dict[str, Any], tags: dict[str, str]) -> Iterator[None]:
    """Give a group other tags for a time."""
    client = deployment.client("autoscaling")
    before = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
    place = {"ResourceId": group["AutoScalingGroupName"], "ResourceType": "auto-scaling-group"}

    def write(values: dict[str, str]) -> None:
        client.create_or_update_tags(
            Tags=[{**place, "Key": k, "Value": v, "PropagateAtLaunch": False} for k, v in values.items()]
        )

    write(tags)
    try:
        yield
    finally:
        if new := [{**place, "Key": key} for key in tags if key not in before]:
            client.delete_tags(Tags=new)
        if old := {key: before[key] for key in tags if key in before}:
            write(old)
