"""Slow volumes, lost events, failing status checks, faults of the metadata service."""

import json
import time
import urllib.error
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.faults import FaultClient
from emulator.tests.api.emulator import TIME_SCALE, Emulator, wait_until
from emulator.tests.faults.node import Node

DEVICE = "/dev/xvdf"


@pytest.fixture
def volume(emulator: Emulator, node: Node) -> str:
    """A volume in the instance's zone, free to be attached."""
    ec2 = emulator.client("ec2")
    found = ec2.describe_instances(InstanceIds=[node.instance_id])["Reservations"][0]["Instances"][0]
    zone = found["Placement"]["AvailabilityZone"]
    made = str(ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"])
    wait_until(lambda: _state(emulator, made) == "available", what="the volume")
    return made


def _state(emulator: Emulator, volume: str) -> str:
    (found,) = emulator.client("ec2").describe_volumes(VolumeIds=[volume])["Volumes"]
    return str(found["Attachments"][0]["State"] if found["Attachments"] else found["State"])


@pytest.mark.parametrize("force_helps", [False, True])
def test_a_volume_that_stays_detaching(
    faults: FaultClient, emulator: Emulator, node: Node, volume: str, force_helps: bool
) -> None:
    """It is `detaching` for as long as the fault says; a forced detach ends that only if it may."""
    ec2, seconds = emulator.client("ec2"), 100.0
    ec2.attach_volume(VolumeId=volume, InstanceId=node.instance_id, Device=DEVICE)
    wait_until(lambda: _state(emulator, volume) == "attached", what="the attachment")
    faults.hold_detach(seconds=seconds, volume_id=volume, force_helps=force_helps)
    begin = time.monotonic()
    ec2.detach_volume(VolumeId=volume)
    time.sleep(0.5)
    assert _state(emulator, volume) == "detaching"
    ec2.detach_volume(VolumeId=volume, Force=True)
    wait_until(lambda: _state(emulator, volume) == "available", what="the end of the detachment")
    held = time.monotonic() - begin >= seconds * TIME_SCALE
    assert held is not force_helps
    assert faults.active() == []


def test_a_volume_of_an_instance_that_ends(faults: FaultClient, emulator: Emulator, volume: str) -> None:
    """It is held even after its instance is gone, as on AWS, and free in the end."""
    ec2 = emulator.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    launched = ec2.run_instances(
        ImageId="ami-0123456789abcdef0", InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=subnet
    )
    instance_id = launched["Instances"][0]["InstanceId"]

    def state() -> str:
        found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])

    wait_until(lambda: state() == "running", what="the instance")
    ec2.attach_volume(VolumeId=volume, InstanceId=instance_id, Device=DEVICE)
    wait_until(lambda: _state(emulator, volume) == "attached", what="the attachment")
    faults.hold_detach(seconds=150, volume_id=volume)
    ec2.terminate_instances(InstanceIds=[instance_id])
    wait_until(lambda: state() == "terminated", what="the end of the instance")
    assert _state(emulator, volume) == "detaching"
    wait_until(lambda: _state(emulator, volume) == "available", what="the end of the detachment")


def test_a_slow_attachment(faults: FaultClient, emulator: Emulator, node: Node, volume: str) -> None:
    """It is `attaching` for as long as the fault says; the fault counts down."""
    ec2 = emulator.client("ec2")
    faults.delay_attach(seconds=100, times=2)
    ec2.attach_volume(VolumeId=volume, InstanceId=node.instance_id, Device=DEVICE)
    time.sleep(0.5)
    assert _state(emulator, volume) == "attaching"
    assert [fault.used for fault in faults.active()] == [1]
    wait_until(lambda: _state(emulator, volume) == "attached", what="the attachment")
    ec2.detach_volume(VolumeId=volume)
    wait_until(lambda: _state(emulator, volume) == "available", what="the detachment")


def test_status_checks(faults: FaultClient, emulator: Emulator, node: Node) -> None:
    """EC2 shows an instance as impaired, and as ok again."""
    ec2 = emulator.client("ec2")
    for inject, shown in ((faults.fail_status_checks, "impaired"), (faults.pass_status_checks, "ok")):
        inject(node.instance_id)
        (status,) = ec2.describe_instance_status(InstanceIds=[node.instance_id])["InstanceStatuses"]
        assert status["InstanceStatus"]["Status"] == shown


def test_an_event_is_lost(faults: FaultClient, emulator: Emulator) -> None:
    """Of two lifecycle events a rule's target gets the second; an event of another type is not touched."""
    sqs, events = emulator.client("sqs"), emulator.client("events")
    name = f"events-{uuid4().hex[:8]}"
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["aws.autoscaling", "aws.ec2"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    faults.lose_event()
    seen: list[str] = []

    def receive() -> list[str]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        seen.extend(json.loads(message["Body"])["detail-type"] for message in answer.get("Messages", []))
        return seen

    group = _group_with_hook(emulator)
    launch = "EC2 Instance-launch Lifecycle Action"
    wait_until(lambda: not faults.active(), what="the first lifecycle event")
    wait_until(lambda: "EC2 Instance State-change Notification" in receive(), what="events of the instance")
    assert launch not in seen
    emulator.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=2)
    wait_until(lambda: launch in receive(), what="the next lifecycle event")
    events.remove_targets(Rule=name, Ids=["1"])
    emulator.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)


def test_a_completion_is_lost(faults: FaultClient, emulator: Emulator, node: Node) -> None:
    """The instance gets the answer that its lifecycle action is completed, but keeps waiting."""
    group, autoscaling = _group_with_hook(emulator), node.client("autoscaling")

    def member() -> dict[str, str]:
        (found,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])[
            "AutoScalingGroups"
        ]
        return dict(found["Instances"][0])

    wait_until(lambda: member()["LifecycleState"] == "Pending:Wait", what="the launch hook")
    faults.lose_completion(instance_id=node.instance_id)
    action = {
        "AutoScalingGroupName": group,
        "LifecycleHookName": "launch",
        "InstanceId": member()["InstanceId"],
        "LifecycleActionResult": "CONTINUE",
    }
    autoscaling.complete_lifecycle_action(**action)
    time.sleep(0.5)
    assert member()["LifecycleState"] == "Pending:Wait"
    autoscaling.complete_lifecycle_action(**action)
    wait_until(lambda: member()["LifecycleState"] == "InService", what="the second completion")
    emulator.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group, ForceDelete=True)


def test_metadata_service_faults(faults: FaultClient, node: Node) -> None:
    """It is late, or answers with an error, for the instance and the paths that were named, so many times."""
    faults.imds(node.instance_id, delay_seconds=0.6, path="placement", times=1)
    begin = time.monotonic()
    assert node.get("meta-data/placement/region") == "us-east-1"
    assert time.monotonic() - begin >= 0.6
    faults.imds(status=503, path="security-credentials", times=1)
    with pytest.raises(urllib.error.HTTPError, match="503"):
        node.credentials()
    node.credentials()
    faults.imds("i-0123456789abcdef0", status=500)
    node.credentials()
    faults.imds(node.instance_id, status=500)
    with pytest.raises(urllib.error.HTTPError, match="500"):
        node.get("meta-data/mac")


def _group_with_hook(emulator: Emulator) -> str:
    """A group with one instance, which waits in a launch hook."""
    ec2, name = emulator.client("ec2"), f"group-{uuid4().hex[:8]}"
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    emulator.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=2,
        DesiredCapacity=1,
        VPCZoneIdentifier=ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
        LifecycleHookSpecificationList=[
            {
                "LifecycleHookName": "launch",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 7200,
            }
        ],
    )
    return name


def test_an_instance_that_ec2_does_not_know_yet(faults: FaultClient, emulator: Emulator, node: Node) -> None:
    """Answers to instances leave it out, by id and by filter, as often as asked; to others they never do."""
    ec2, as_instance = emulator.client("ec2"), node.client("ec2")
    by_filter = {"Filters": [{"Name": "instance-id", "Values": [node.instance_id]}]}
    faults.hide_instance(instance_id="i-0123456789abcdef0", times=1)
    faults.hide_instance(instance_id=node.instance_id, times=2)
    assert ec2.describe_instances(**by_filter)["Reservations"]
    assert as_instance.describe_instances(**by_filter)["Reservations"] == []
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        as_instance.describe_instances(InstanceIds=[node.instance_id])
    assert as_instance.describe_instances(**by_filter)["Reservations"]
    assert [active.about["instance_id"] for active in faults.active()] == ["i-0123456789abcdef0"]


def test_an_instance_is_known_by_its_role_and_itself(node: Node) -> None:
    """`role id:instance id`, which policies may name as ${aws:userid}."""
    user_id = node.client("sts").get_caller_identity()["UserId"]
    role_id, _, instance_id = user_id.partition(":")
    assert role_id.startswith("AROA")
    assert instance_id == node.instance_id
