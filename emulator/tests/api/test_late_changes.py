"""With AWS's times, what was just made is not known everywhere: profiles and permissions."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import ACCOUNT_ID, Emulator, running_emulator, wait_until

FACTOR = 15.0
"""With the tests' time scale a profile is unknown for 9 s, and a permission late by 3 s."""

TEMPLATE = """
Parameters: {Subnet: {Type: String}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: ec2.amazonaws.com}}
  Profile:
    Type: AWS::IAM::InstanceProfile
    Properties: {Roles: [!Ref Role]}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0123456789abcdef0
        InstanceType: m7i.large
        IamInstanceProfile: {Arn: !GetAtt Profile.Arn}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: "1"
      MaxSize: "1"
      VPCZoneIdentifier: [!Ref Subnet]
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with AWS's times."""
    with running_emulator(tmp_path_factory.mktemp("aws"), times_factor=FACTOR) as started:
        yield started


@pytest.fixture(scope="module")
def subnet_id(aws: Emulator) -> str:
    """A subnet."""
    ec2 = aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])


def _refused(call: Any) -> str:
    """Code and message of what a call is refused with; empty if it is not."""
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return ""


def test_a_new_profile_is_unknown_to_ec2_and_auto_scaling_for_a_while(aws: Emulator, subnet_id: str) -> None:
    """In the words of one that does not exist; later both take it. IAM itself shows it at once."""
    name = f"p{uuid4().hex[:10]}"
    ec2, autoscaling, iam = (aws.client(service) for service in ("ec2", "autoscaling", "iam"))
    data = {
        "ImageId": "ami-0123456789abcdef0",
        "InstanceType": "m7i.large",
        "IamInstanceProfile": {"Name": name},
    }
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    iam.create_instance_profile(InstanceProfileName=name)
    iam.get_instance_profile(InstanceProfileName=name)

    def run() -> None:
        ec2.run_instances(MinCount=1, MaxCount=1, SubnetId=subnet_id, **data)

    def create() -> None:
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=1,
            VPCZoneIdentifier=subnet_id,
            LaunchTemplate={"LaunchTemplateName": name},
        )

    unknown = (
        f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    )
    assert _refused(run) == f"InvalidParameterValue: {unknown}"
    assert (
        _refused(create) == f"ValidationError: You must use a valid fully-formed launch template. {unknown}"
    )
    wait_until(lambda: not _refused(run), what="a launch with the profile")
    assert not _refused(create)


def test_cloudformation_waits_until_a_new_profile_is_known(aws: Emulator, subnet_id: str) -> None:
    """So that its launch templates and groups are not refused."""
    stack = aws.stack()
    stack.create(
        TEMPLATE,
        Subnet=subnet_id,
    )
    assert stack.status == "CREATE_COMPLETE", stack.events()


def test_a_new_permission_is_refused_for_a_while(aws: Emulator) -> None:
    """That of an inline policy and of a managed one; what the role could do before, it still can."""
    iam, sts = aws.client("iam"), aws.client("sts")
    name = f"r{uuid4().hex[:10]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]

    def vpcs() -> str:
        return _refused(aws.client("ec2", session=session).describe_vpcs)

    def volumes() -> str:
        return _refused(aws.client("ec2", session=session).describe_volumes)

    def groups() -> str:
        return _refused(aws.client("autoscaling", session=session).describe_auto_scaling_groups)

    def put(action: str) -> None:
        iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=_policy(_allow(action)))

    put("ec2:DescribeVpcs")
    assert vpcs().startswith("UnauthorizedOperation: ")
    wait_until(lambda: not vpcs(), what="the new permission")
    # The document is replaced: until that is known, the old one is in effect.
    put("ec2:DescribeVolumes")
    assert not vpcs()
    wait_until(lambda: not volumes(), what="the changed permission")
    assert vpcs().startswith("UnauthorizedOperation: ")
    managed = iam.create_policy(
        PolicyName=name, PolicyDocument=_policy(_allow("autoscaling:DescribeAutoScalingGroups"))
    )["Policy"]
    iam.attach_role_policy(RoleName=name, PolicyArn=managed["Arn"])
    assert groups().startswith("AccessDenied: ")
    assert not volumes()
    wait_until(lambda: not groups(), what="the permission of the managed policy")


def test_an_address_of_a_dead_instance_comes_back_soon(aws: Emulator, subnet_id: str) -> None:
    """The next launch gets it."""
    ec2 = aws.client("ec2")

    def launch() -> tuple[str, str]:
        made = ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet_id,
        )["Instances"][0]
        return made["InstanceId"], made["PrivateIpAddress"]

    instance_id, address = launch()
    launch()
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1})
    ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1})
    assert launch()[1] == address


def _allow(action: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": "*"}


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
