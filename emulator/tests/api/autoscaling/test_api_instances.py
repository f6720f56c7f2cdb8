"""Instances of a group through boto3: replacement, events, targets and volumes."""

import json
from typing import Any

import pytest

from emulator.tests.api.autoscaling.site import LAUNCH, Site, hook
from emulator.tests.api.emulator import ACCOUNT_ID
from emulator.tests.api.recording import until


@pytest.mark.parametrize("how", ["terminate_instances", "stop_instances"])
def test_an_instance_ended_outside_the_group_is_replaced(site: Site, how: str) -> None:
    """The group notices by itself and says why."""
    site.create()
    instance_id = site.reach("InService")
    getattr(site.ec2, how)(InstanceIds=[instance_id])
    until(lambda: list(site.states().values()) == ["InService"] and instance_id not in site.states())
    causes = " ".join(activity["Cause"] for activity in site.activities())
    assert "in response to an EC2 health check indicating it has been terminated or stopped" in causes


def test_unhealthy_instances_are_replaced_after_their_grace_period(site: Site) -> None:
    """SetInstanceHealth respects it by default, and ignores it on request."""
    site.create(HealthCheckGracePeriod=3600)
    instance_id = site.reach("InService")
    site.asg.set_instance_health(InstanceId=instance_id, HealthStatus="Unhealthy")
    assert site.states() == {instance_id: "InService"}
    site.asg.set_instance_health(
        InstanceId=instance_id, HealthStatus="Unhealthy", ShouldRespectGracePeriod=False
    )
    until(lambda: instance_id not in site.states())


def test_events_reach_the_targets_of_rules(site: Site) -> None:
    """Auto Scaling's and EC2's, with AWS's exact strings; the token in an event completes the action."""
    events, sqs = site.aws.client("events"), site.aws.client("sqs")
    queue = sqs.create_queue(QueueName=site.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=site.name, EventPattern=json.dumps({"source": ["aws.autoscaling", "aws.ec2"]}))
    events.put_targets(Rule=site.name, Targets=[{"Id": "q", "Arn": arn}])
    received: list[dict[str, Any]] = []

    def events_of(kind: str, key: str, value: str) -> list[dict[str, Any]]:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [
            event for event in received if event["detail-type"] == kind and event["detail"].get(key) == value
        ]

    site.create(hook("up", LAUNCH, HeartbeatTimeout=7200, NotificationMetadata="hello"))
    instance_id = site.reach("Pending:Wait")
    wanted = ("EC2 Instance-launch Lifecycle Action", "EC2InstanceId", instance_id)
    until(lambda: events_of(*wanted))
    [event] = events_of(*wanted)
    assert (event["source"], event["account"]) == ("aws.autoscaling", ACCOUNT_ID)
    assert event["resources"] == [site.group()["AutoScalingGroupARN"]]
    detail = event["detail"]
    assert detail["AutoScalingGroupName"] == site.name
    assert (detail["LifecycleHookName"], detail["LifecycleTransition"]) == ("up", LAUNCH)
    assert detail["NotificationMetadata"] == "hello"
    site.asg.complete_lifecycle_action(
        AutoScalingGroupName=site.name,
        LifecycleHookName="up",
        LifecycleActionToken=detail["LifecycleActionToken"],
        LifecycleActionResult="CONTINUE",
    )
    until(lambda: events_of("EC2 Instance Launch Successful", "EC2InstanceId", instance_id))
    until(lambda: len(events_of("EC2 Instance State-change Notification", "instance-id", instance_id)) == 2)
    changes = events_of("EC2 Instance State-change Notification", "instance-id", instance_id)
    assert [change["detail"]["state"] for change in changes] == ["pending", "running"]
    events.remove_targets(Rule=site.name, Ids=["q"])
    events.delete_rule(Name=site.name)
    sqs.delete_queue(QueueUrl=queue)


def test_targets_are_registered_after_the_launch_hook_only(site: Site) -> None:
    """And none becomes healthy: there is no machine to check."""
    elb = site.aws.client("elbv2")
    balancer = elb.create_load_balancer(Name=site.name, Type="network", Subnets=[site.subnet_id])
    group = elb.create_target_group(
        Name=site.name, Protocol="TCP", Port=6443, VpcId=site.vpc_id, TargetType="instance"
    )
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="TCP",
        Port=6443,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    site.create(hook("up", LAUNCH, HeartbeatTimeout=7200), TargetGroupARNs=[arn])
    instance_id = site.reach("Pending:Wait")
    assert elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"] == []
    site.complete(instance_id, "up")
    site.reach("InService")
    [target] = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert target["Target"] == {"Id": instance_id, "Port": 6443}
    assert target["TargetHealth"]["State"] == "initial"
    site.asg.detach_load_balancer_target_groups(AutoScalingGroupName=site.name, TargetGroupARNs=[arn])
    [target] = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert target["TargetHealth"]["State"] == "draining"


def test_a_volume_follows_from_an_instance_to_its_successor(site: Site) -> None:
    """In use while the predecessor lives, available when it is terminated, then attached to the successor."""
    site.create()
    first = site.reach("InService")
    volume_id = site.ec2.create_volume(AvailabilityZone="us-east-1b", Size=4, VolumeType="gp3")["VolumeId"]
    site.ec2.get_waiter("volume_available").wait(VolumeIds=[volume_id], WaiterConfig={"Delay": 1})
    site.ec2.attach_volume(VolumeId=volume_id, InstanceId=first, Device="/dev/xvdf")
    site.asg.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=False)
    until(lambda: list(site.states().values()) == ["InService"] and first not in site.states())
    second = next(iter(site.states()))

    def volume() -> dict[str, Any]:
        [found] = site.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [volume_id]}])["Volumes"]
        described: dict[str, Any] = found
        return described

    until(lambda: volume()["State"] == "available")
    attachment = site.ec2.attach_volume(VolumeId=volume_id, InstanceId=second, Device="/dev/xvdf")
    assert attachment["State"] == "attaching"
    until(lambda: [entry["State"] for entry in volume()["Attachments"]] == ["attached"])
