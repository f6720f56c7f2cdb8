"""Permissions about Auto Scaling groups: hooks and instances, by tag and by ARN."""

from uuid import uuid4

import pytest

from emulator.tests.api.emulator import REGION, Emulator
from emulator.tests.api.iam.policies import allow, denied


def _group(emulator: Emulator, *, slot: str) -> tuple[str, str, str]:
    """Name and ARN of a group, and its instance, which waits in its launch hook."""
    autoscaling, ec2 = emulator.client("autoscaling"), emulator.client("ec2")
    name = f"group-{uuid4().hex[:8]}"
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZone=f"{REGION}a")
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m7i.large"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet["Subnet"]["SubnetId"],
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
        LifecycleHookSpecificationList=[
            {
                "LifecycleHookName": "launch",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "HeartbeatTimeout": 7200,
            }
        ],
        Tags=[{"Key": "slot", "Value": slot, "PropagateAtLaunch": True}],
    )
    while True:
        groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        for instance in groups[0]["Instances"]:
            if instance["LifecycleState"] == "Pending:Wait":
                return name, groups[0]["AutoScalingGroupARN"], instance["InstanceId"]


@pytest.mark.parametrize("tag", ["aws:ResourceTag/slot", "autoscaling:ResourceTag/slot"])
def test_lifecycle_action_by_tag(emulator: Emulator, tag: str) -> None:
    """CompleteLifecycleAction is allowed on groups with the tag only."""
    name, _, instance_id = _group(emulator, slot="a")
    action = "autoscaling:CompleteLifecycleAction"

    def complete(slot: str) -> None:
        session = emulator.session_of([allow(action, StringEquals={tag: slot})])
        emulator.client("autoscaling", session=session).complete_lifecycle_action(
            AutoScalingGroupName=name,
            LifecycleHookName="launch",
            InstanceId=instance_id,
            LifecycleActionResult="CONTINUE",
        )

    with denied(action):
        complete("b")
    complete("a")


def test_instance_actions_are_checked_on_the_group(emulator: Emulator) -> None:
    """SetInstanceHealth names an instance; the group of that instance is the resource."""
    _, arn, instance_id = _group(emulator, slot="a")
    _, other_arn, _ = _group(emulator, slot="b")
    action = "autoscaling:SetInstanceHealth"

    def set_health(resource: str) -> None:
        session = emulator.session_of([allow(action, resource)])
        emulator.client("autoscaling", session=session).set_instance_health(
            InstanceId=instance_id, HealthStatus="Healthy"
        )

    with denied(action):
        set_health(other_arn)
    set_health(arn)


def test_group_arn_carries_its_id(emulator: Emulator) -> None:
    """A policy with the group's full ARN allows an action that names the group."""
    name, arn, _ = _group(emulator, slot="a")
    session = emulator.session_of([allow("autoscaling:SuspendProcesses", arn)])
    emulator.client("autoscaling", session=session).suspend_processes(
        AutoScalingGroupName=name, ScalingProcesses=["AZRebalance"]
    )
