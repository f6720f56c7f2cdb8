"""The sizes that the bench tells, asked of an embedded AWS."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks import sizes
from emulator.tests.api.emulator import REGION, Emulator, running_emulator
from kubequorum_cli.errors import CommandError


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An embedded AWS without machines."""
    with running_emulator(tmp_path_factory.mktemp("sizes")) as started:
        yield started


def _make_group(emulator: Emulator, user_data: str, *, mixed: bool) -> str:
    """A group of no instances with a launch template, named as masters or as workers name it."""
    ec2, autoscaling = emulator.client("ec2"), emulator.client("autoscaling")
    vpc_id = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.30.1.0/24", AvailabilityZone=f"{REGION}a")[
        "Subnet"
    ]
    name = f"group-{subnet['SubnetId']}"
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"}
    data["UserData"] = base64.b64encode(user_data.encode()).decode()
    template = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)["LaunchTemplate"]
    which = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}
    policy: dict[str, Any] = {"LaunchTemplate": which}
    if mixed:
        policy = {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": which}}}
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=0, VPCZoneIdentifier=subnet["SubnetId"], **policy
    )
    return name


def test_the_longest_user_data_and_the_largest_node_program_count(emulator: Emulator) -> None:
    """Of all groups, however they name their launch template; user-data that names no program is an error."""
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="assets")
    s3.put_object(Bucket="assets", Key="small.zip", Body=b"x" * 10)
    s3.put_object(Bucket="assets", Key="large.zip", Body=b"x" * 20)
    start = "#!/bin/bash\nBUCKET=assets\nKEY="
    _make_group(emulator, f"{start}small.zip\n# and more\n", mixed=True)
    _make_group(emulator, f"{start}large.zip\n", mixed=False)
    assert sizes.measure(emulator) == {
        "user_data_bytes": len(f"{start}small.zip\n# and more\n"),
        "node_program_bytes": 20,
    }
    _make_group(emulator, "#!/bin/bash\n", mixed=False)
    with pytest.raises(CommandError, match="names no node program"):
        sizes.measure(emulator)
