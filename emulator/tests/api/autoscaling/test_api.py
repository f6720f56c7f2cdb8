"""Groups as a client of AWS sees them: the emulator is a process, used through boto3."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, TIME_SCALE, Emulator
from emulator.tests.api.recording import until

IMAGE = "ami-0123456789abcdef0"
LAUNCH = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATING"


@dataclass
class Site:
    """A subnet, a launch template, and groups that use them."""

    aws: Emulator
    name: str
    subnet_id: str
    vpc_id: str

    def __post_init__(self) -> None:
        self.asg: Any = self.aws.client("autoscaling")
        self.ec2: Any = self.aws.client("ec2")

    def create(self, *hooks: dict[str, Any], **settings: Any) -> None:
        """A group of one."""
        defaults: dict[str, Any] = {
            "MinSize": 1,
            "MaxSize": 2,
            "VPCZoneIdentifier": self.subnet_id,
            "LaunchTemplate": {"LaunchTemplateName": self.name, "Version": "$Latest"},
            "LifecycleHookSpecificationList": list(hooks),
        }
        self.asg.create_auto_scaling_group(AutoScalingGroupName=self.name, **{**defaults, **settings})

    def group(self) -> dict[str, Any]:
        """The group as described."""
        found: list[dict[str, Any]] = self.asg.describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )["AutoScalingGroups"]
        return found[0]

    def states(self) -> dict[str, str]:
        """Lifecycle state of every instance."""
        return {entry["InstanceId"]: entry["LifecycleState"] for entry in self.group()["Instances"]}

    def reach(self, state: str) -> str:
        """Wait until the only instance is in a state; its id."""
        until(lambda: list(self.states().values()) == [state])
        return next(iter(self.states()))

    def activities(self) -> list[dict[str, Any]]:
        """Scaling activities, newest first."""
        answer = self.asg.describe_scaling_activities(AutoScalingGroupName=self.name)
        found: list[dict[str, Any]] = answer["Activities"]
        return found

    def complete(self, instance_id: str, hook: str, result: str = "CONTINUE") -> None:
        """Complete a lifecycle action by instance id."""
        self.asg.complete_lifecycle_action(
            AutoScalingGroupName=self.name,
            LifecycleHookName=hook,
            InstanceId=instance_id,
            LifecycleActionResult=result,
        )


@pytest.fixture
def site(emulator: Emulator) -> Iterator[Site]:
    """A fresh VPC with one subnet in zone b; the group is deleted afterwards."""
    name = f"t{uuid4().hex[:10]}"
    ec2 = emulator.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "m7g.large",
            "UserData": "IyEvYmluL3NoCg==",
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}}
            ],
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "from", "Value": "template"}]}
            ],
        },
    )
    site = Site(emulator, name, subnet["SubnetId"], vpc_id)
    yield site
    if site.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]:
        site.asg.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


def hook(name: str, transition: str, **settings: Any) -> dict[str, Any]:
    """A hook that gives up after 30 seconds, the shortest timeout that AWS allows."""
    return {"LifecycleHookName": name, "LifecycleTransition": transition, "HeartbeatTimeout": 30, **settings}


def test_a_group_launches_what_its_template_says(site: Site) -> None:
    """Subnet, image, tags, volumes and metadata options of the instance; both names of the template."""
    site.create(
        Tags=[{"Key": "role", "Value": "web", "PropagateAtLaunch": True}, {"Key": "own", "Value": "x"}]
    )
    instance_id = site.reach("InService")
    [reservation] = site.ec2.describe_instances(
        Filters=[
            {"Name": "tag:aws:autoscaling:groupName", "Values": [site.name]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )["Reservations"]
    [instance] = reservation["Instances"]
    assert instance["InstanceId"] == instance_id
    assert (instance["SubnetId"], instance["VpcId"]) == (site.subnet_id, site.vpc_id)
    assert instance["PrivateIpAddress"] == "10.0.1.4"
    assert (instance["ImageId"], instance["Architecture"]) == (IMAGE, "arm64")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    template = site.group()["LaunchTemplate"]
    assert (template["LaunchTemplateName"], template["Version"]) == (site.name, "$Latest")
    assert {tag["Key"]: tag["Value"] for tag in instance["Tags"]} == {
        "from": "template",
        "role": "web",
        "aws:autoscaling:groupName": site.name,
        "aws:ec2launchtemplate:id": template["LaunchTemplateId"],
        "aws:ec2launchtemplate:version": "1",
    }
    [root] = instance["BlockDeviceMappings"]
    [volume] = site.ec2.describe_volumes(VolumeIds=[root["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["Size"], volume["Encrypted"], volume["State"]) == (20, True, "in-use")
    user_data = site.ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")["UserData"]
    assert user_data == {"Value": "IyEvYmluL3NoCg=="}


def test_hooks_of_the_group_itself_hold_its_first_instance(site: Site) -> None:
    """Pending:Wait until completed, then the terminate hook; DescribeAutoScalingInstances agrees."""
    site.create(hook("up", LAUNCH, HeartbeatTimeout=7200), hook("down", TERMINATE, HeartbeatTimeout=7200))
    instance_id = site.reach("Pending:Wait")
    assert site.activities()[0]["StatusCode"] == "MidLifecycleAction"
    site.complete(instance_id, "up")
    site.reach("InService")
    activity = site.asg.terminate_instance_in_auto_scaling_group(
        InstanceId=instance_id, ShouldDecrementDesiredCapacity=False
    )["Activity"]
    assert activity["Description"] == f"Terminating EC2 instance: {instance_id}"
    [details] = site.asg.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
    assert details["LifecycleState"] == "Terminating:Wait"
    until(lambda: "Pending:Wait" in site.states().values())
    site.complete(instance_id, "down")
    until(lambda: instance_id not in site.states())
    [gone] = site.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    assert gone["Instances"][0]["State"]["Name"] == "terminated"


def test_a_silent_instance_is_abandoned_and_its_reason_can_be_read(site: Site) -> None:
    """Nobody completes the hook: the activity is Cancelled with AWS's words."""
    site.create(hook("up", LAUNCH))
    site.reach("Pending:Wait")
    until(lambda: any(activity["StatusCode"] == "Cancelled" for activity in site.activities()))
    [failed] = [entry for entry in site.activities() if entry["StatusCode"] == "Cancelled"]
    assert failed["StatusMessage"].endswith("was abandoned: Heartbeat Timeout")
    assert failed["StatusMessage"] in failed["Description"]


def test_a_heartbeat_keeps_the_instance_waiting(site: Site) -> None:
    """Recorded repeatedly, it outlives twice the timeout; a wrong token is refused."""
    site.create(hook("up", LAUNCH, HeartbeatTimeout=120))
    instance_id = site.reach("Pending:Wait")
    beat = {"AutoScalingGroupName": site.name, "LifecycleHookName": "up"}
    end = monotonic() + 2 * 120 * TIME_SCALE
    while monotonic() < end:
        site.asg.record_lifecycle_action_heartbeat(**beat, InstanceId=instance_id)
        sleep(10 * TIME_SCALE)
        assert site.states() == {instance_id: "Pending:Wait"}
    with pytest.raises(ClientError, match="No active Lifecycle Action found with token"):
        site.asg.record_lifecycle_action_heartbeat(
            **beat, LifecycleActionToken="00000000-0000-0000-0000-000000000000"
        )


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


def test_sizes_follow_their_limits_and_each_other(site: Site) -> None:
    """Update adapts the desired capacity; SetDesiredCapacity refuses what does not fit."""
    site.create()
    site.reach("InService")
    with pytest.raises(ClientError, match="must be between"):
        site.asg.set_desired_capacity(AutoScalingGroupName=site.name, DesiredCapacity=3)
    site.asg.update_auto_scaling_group(AutoScalingGroupName=site.name, MinSize=2)
    assert site.group()["DesiredCapacity"] == 2
    until(lambda: list(site.states().values()) == ["InService"] * 2)
    with pytest.raises(ClientError, match="while there are instances"):
        site.asg.delete_auto_scaling_group(AutoScalingGroupName=site.name)
    site.asg.update_auto_scaling_group(AutoScalingGroupName=site.name, MinSize=0, MaxSize=0)
    until(lambda: site.states() == {})
    site.asg.delete_auto_scaling_group(AutoScalingGroupName=site.name)
    listed = site.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[site.name])
    assert listed["AutoScalingGroups"] == []


def test_hooks_tags_and_processes_can_be_changed_and_read(site: Site) -> None:
    """PutLifecycleHook keeps what it does not name; tags and suspended processes are listed."""
    site.create()
    site.asg.put_lifecycle_hook(
        AutoScalingGroupName=site.name, **hook("down", TERMINATE, DefaultResult="CONTINUE")
    )
    site.asg.put_lifecycle_hook(AutoScalingGroupName=site.name, LifecycleHookName="down", HeartbeatTimeout=60)
    [shown] = site.asg.describe_lifecycle_hooks(AutoScalingGroupName=site.name)["LifecycleHooks"]
    assert (shown["HeartbeatTimeout"], shown["GlobalTimeout"]) == (60, 6000)
    assert (shown["DefaultResult"], shown["LifecycleTransition"]) == ("CONTINUE", TERMINATE)
    tag = {"ResourceId": site.name, "ResourceType": "auto-scaling-group", "Key": "k", "Value": "v"}
    site.asg.create_or_update_tags(Tags=[{**tag, "PropagateAtLaunch": True}])
    filters = [{"Name": "auto-scaling-group", "Values": [site.name]}]
    assert site.asg.describe_tags(Filters=filters)["Tags"] == [{**tag, "PropagateAtLaunch": True}]
    site.asg.delete_tags(Tags=[tag])
    assert site.group()["Tags"] == []
    site.asg.suspend_processes(AutoScalingGroupName=site.name, ScalingProcesses=["Launch"])
    assert site.group()["SuspendedProcesses"] == [
        {"ProcessName": "Launch", "SuspensionReason": "User suspended"}
    ]
    site.asg.resume_processes(AutoScalingGroupName=site.name)
    assert site.group()["SuspendedProcesses"] == []
    site.asg.delete_lifecycle_hook(AutoScalingGroupName=site.name, LifecycleHookName="down")
    assert site.asg.describe_lifecycle_hooks(AutoScalingGroupName=site.name)["LifecycleHooks"] == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"VPCZoneIdentifier": "subnet-0"}, "does not exist"),
        ({"LaunchTemplate": {"LaunchTemplateName": "nobody"}}, "does not exist"),
        ({"LaunchTemplate": {}}, "must contain LaunchTemplate or MixedInstancesPolicy"),
        ({"DesiredCapacity": 5}, "must be between"),
        ({"LaunchConfigurationName": "old"}, "not modelled"),
        (
            {"LifecycleHookSpecificationList": [hook("up", LAUNCH, HeartbeatTimeout=10)]},
            "must be from 30 to 7200",
        ),
    ],
)
def test_impossible_groups_are_refused(site: Site, settings: dict[str, Any], message: str) -> None:
    """With a message that names what is wrong, and without leaving a group."""
    with pytest.raises(ClientError, match=message):
        site.create(**settings)
    listed = site.asg.describe_auto_scaling_groups(AutoScalingGroupNames=[site.name])
    assert listed["AutoScalingGroups"] == []


def test_console_output_and_refused_refreshes(site: Site) -> None:
    """Without machines a console is empty; an instance refresh is refused instead of pretended."""
    site.create()
    instance_id = site.reach("InService")
    assert site.ec2.get_console_output(InstanceId=instance_id)["Output"] == ""
    with pytest.raises(ClientError, match="not modelled"):
        site.asg.start_instance_refresh(AutoScalingGroupName=site.name)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"tag:slot": ["b", "c"]}, True),
        ({"tag:slot": ["a"]}, False),
        ({"tag:other": ["b"]}, False),
        ({"tag-key": ["slot"], "tag-value": ["b"]}, True),
        ({"tag-key": ["slot"], "tag-value": ["a"]}, False),
    ],
)
def test_groups_are_found_by_their_tags(site: Site, filters: dict[str, list[str]], found: bool) -> None:
    """All filters must match, each by any of its values."""
    site.create(Tags=[{"Key": "slot", "Value": "b", "PropagateAtLaunch": False}])
    wanted = [{"Name": name, "Values": values} for name, values in filters.items()]
    groups = site.asg.describe_auto_scaling_groups(Filters=wanted)["AutoScalingGroups"]
    assert [group["AutoScalingGroupName"] for group in groups] == ([site.name] if found else [])


def test_a_filter_that_does_not_exist_is_refused(site: Site) -> None:
    """A typing error must not find every group."""
    with pytest.raises(ClientError, match="Invalid filter name 'tags:slot'"):
        site.asg.describe_auto_scaling_groups(Filters=[{"Name": "tags:slot", "Values": ["b"]}])
