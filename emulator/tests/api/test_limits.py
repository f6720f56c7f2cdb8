"""Limits of AWS that hold whatever the times are: tags, rules of a security group, policies."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.emulator import Emulator

TRUST = '{"Version": "2012-10-17", "Statement": []}'


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of what a call is refused with."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def tags(count: int) -> list[dict[str, str]]:
    """So many different tags."""
    return [{"Key": f"key-{number}", "Value": "x"} for number in range(count)]


@pytest.fixture
def vpc_id(emulator: Emulator) -> str:
    """A VPC."""
    return str(emulator.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def test_an_ec2_resource_has_fifty_tags(emulator: Emulator, vpc_id: str) -> None:
    """Replacing the value of one is no further tag; a refused request changes nothing."""
    ec2 = emulator.client("ec2")
    ec2.create_tags(Resources=[vpc_id], Tags=tags(50))
    ec2.create_tags(Resources=[vpc_id], Tags=[{"Key": "key-0", "Value": "y"}])
    code, _ = refused(
        lambda: ec2.create_tags(
            Resources=[vpc_id], Tags=[{"Key": "key-1", "Value": "y"}, {"Key": "more", "Value": "x"}]
        )
    )
    assert code == "TagLimitExceeded"
    (vpc,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    found = {tag["Key"]: tag["Value"] for tag in vpc["Tags"]}
    assert (len(found), found["key-0"], found["key-1"]) == (50, "y", "x")


@pytest.mark.parametrize(("count", "code"), [(50, ""), (51, "TagLimitExceeded")])
def test_a_volume_is_made_with_at_most_fifty_tags(emulator: Emulator, count: int, code: str) -> None:
    """Those of the request itself count."""
    ec2 = emulator.client("ec2")

    def create() -> None:
        ec2.create_volume(
            AvailabilityZone="us-east-1a",
            Size=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags(count)}],
        )

    if code:
        assert refused(create)[0] == code
    else:
        create()


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_security_group_has_sixty_rules_a_direction(
    emulator: Emulator, vpc_id: str, direction: str
) -> None:
    """For IPv4 and IPv6 each; one about another group counts in both. A refused request adds nothing."""
    ec2 = emulator.client("ec2")
    group_id = ec2.create_security_group(GroupName="limits", Description="x", VpcId=vpc_id)["GroupId"]
    authorize = getattr(ec2, f"authorize_security_group_{direction}")
    if direction == "egress":
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=[everything])

    def allow(**peers: Any) -> None:
        authorize(
            GroupId=group_id, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, **peers}]
        )

    allow(IpRanges=[{"CidrIp": f"10.1.{number}.0/24"} for number in range(59)])
    allow(Ipv6Ranges=[{"CidrIpv6": f"fd00:{number:x}::/32"} for number in range(59)])
    allow(UserIdGroupPairs=[{"GroupId": group_id}])
    for one_more in (
        {"IpRanges": [{"CidrIp": "10.2.0.0/16"}]},
        {"Ipv6Ranges": [{"CidrIpv6": "fd01::/32"}]},
    ):
        assert refused(lambda peers=one_more: allow(**peers)) == (  # type: ignore[misc]
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        )
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    rules = group["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
    assert sum(len(rule["IpRanges"]) for rule in rules) == 59


def test_the_limit_of_rules_holds_in_templates(emulator: Emulator) -> None:
    """For rules in the group's own properties, which CloudFormation sends to EC2, too."""
    rules = [
        {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": f"10.1.{number}.0/24"}
        for number in range(61)
    ]
    properties = {"GroupDescription": "x", "SecurityGroupIngress": rules}
    template = {"Resources": {"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}}}
    stack = emulator.stack()
    stack.create(json.dumps(template))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any("maximum number of rules" in reason for _, reason in stack.events("Group"))


def test_tag_keys_of_a_role_must_differ_in_more_than_case(emulator: Emulator) -> None:
    """IAM ignores the case of the keys of roles, and of a role that a template makes."""
    message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    pair = [{"Key": "Team", "Value": "x"}, {"Key": "team", "Value": "x"}]
    iam, name = emulator.client("iam"), f"r{uuid4().hex[:10]}"
    create: dict[str, Any] = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert refused(lambda: iam.create_role(**create, Tags=pair)) == ("InvalidInput", message)
    iam.create_role(**create, Tags=pair[:1])
    assert refused(lambda: iam.tag_role(RoleName=name, Tags=pair)) == ("InvalidInput", message)
    template = {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": json.loads(TRUST), "Tags": pair},
            }
        }
    }
    stack = emulator.stack()
    stack.create(json.dumps(template))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any("uplicate" in reason for _, reason in stack.events("Role")), stack.events("Role")


def test_inline_policies_of_a_role_have_a_size_limit(emulator: Emulator) -> None:
    """All of a role together, without white space."""
    iam, name = emulator.client("iam"), f"r{uuid4().hex[:10]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)

    def put(policy: str, size: int) -> None:
        statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{'x' * size}/*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=100)
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)

    put("first", 6000)
    assert refused(lambda: put("second", 6000)) == (
        "LimitExceeded",
        f"Maximum policy size of 10240 bytes exceeded for role {name}",
    )
    put("first", 9000)
