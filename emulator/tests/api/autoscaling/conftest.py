"""An engine alone, and a group behind the API."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from emulator.tests.api.autoscaling.fakes import World
from emulator.tests.api.autoscaling.site import IMAGE, Site
from emulator.tests.api.emulator import Emulator


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


@pytest.fixture
def world() -> World:
    """An engine without groups."""
    return World()
