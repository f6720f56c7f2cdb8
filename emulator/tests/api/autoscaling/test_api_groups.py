"""Groups through boto3: creation, changes, refusals and filters."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.autoscaling.site import IMAGE, LAUNCH, TERMINATE, Site, hook
from emulator.tests.api.recording import until


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
