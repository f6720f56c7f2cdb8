"""What a report reads from AWS, and how often it asks."""

from collections.abc import Iterator

import pytest

from emulator.tests.api.emulator import REGION, Emulator, Stack, running_emulator
from kubequorum_cli.report import Collector, collect
from kubequorum_cli.report.model import Rule
from kubequorum_cli.target import Target
from tests.kubequorum_cli.emulated import target_in

_TEMPLATE = f"""
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {{CidrBlock: 10.5.0.0/16}}
  Private:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.5.1.0/24, AvailabilityZone: {REGION}a}}
  Public:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: 10.5.2.0/24
      AvailabilityZone: {REGION}a
      Tags: [{{Key: kubernetes.io/role/elb, Value: "1"}}]
  Neighbours:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: of another cluster
      VpcId: !Ref Vpc
      Tags: [{{Key: "kubequorum:cluster", Value: mine-too}}]
  Masters:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: masters
      VpcId: !Ref Vpc
      Tags: [{{Key: "kubequorum:cluster", Value: mine}}]
      SecurityGroupIngress:
        - {{IpProtocol: tcp, FromPort: 6443, ToPort: 6443, CidrIp: 10.0.0.0/8, Description: API}}
  Peers:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !GetAtt Masters.GroupId
      SourceSecurityGroupId: !GetAtt Masters.GroupId
      IpProtocol: tcp
      FromPort: 2379
      ToPort: 2380
      Description: etcd
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: ami-0123456789abcdef0
        InstanceType: m7i.large
        SecurityGroupIds: [!GetAtt Masters.GroupId]
  MasterAGroup:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: 0
      MaxSize: 1
      DesiredCapacity: 1
      VPCZoneIdentifier: [!Ref Private]
      LaunchTemplate: {{LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}}
      Tags: [{{Key: "kubequorum:slot", Value: a, PropagateAtLaunch: true}}]
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An account with a part of a cluster."""
    with running_emulator(tmp_path_factory.mktemp("report")) as started:
        Stack(started, "mine-ControlPlane").create(_TEMPLATE)
        yield started


@pytest.fixture
def target(emulator: Emulator) -> Target:
    """That cluster."""
    return target_in(emulator, "mine")


def test_slots_public_subnets_and_rules(target: Target) -> None:
    """A group's slot is its tag, a subnet is public by its tag, a rule has the one who may connect."""
    report = collect(target)
    (zone,) = report.zones
    assert [zone.subnets[id_] for id_ in zone.public] == ["10.5.2.0/24"]
    (group,) = report.groups
    assert (group.slot, group.worker_group) == ("a", "")
    (firewall,) = report.security_groups
    assert firewall.inbound == [
        Rule(source=firewall.id, protocol="tcp", ports="2379-2380", description="etcd"),
        Rule(source="10.0.0.0/8", protocol="tcp", ports="6443", description="API"),
    ]
    assert [instance.security_groups for instance in group.instances] == [[firewall.id]]
    assert [instance.host_name for instance in group.instances] == [
        f"ip-{instance.private_ip.replace('.', '-')}" for instance in group.instances
    ]


def test_what_hardly_changes_is_asked_for_seldom(target: Target) -> None:
    """A look between is groups and instances only, where there are no volumes and targets."""
    asked: list[str] = []
    target.session.events.register(
        "before-call", lambda model, **_: asked.append(model.name), unique_id="count"
    )
    now = 0.0
    collector = Collector(target, keep_seconds=60, now=lambda: now)
    first = collector.collect()
    assert {"DescribeStacks", "ListStackResources", "DescribeSubnets", "DescribeSecurityGroups"} <= set(asked)
    asked.clear()
    now = 59.0
    assert collector.collect() == first
    assert asked == ["DescribeAutoScalingGroups", "DescribeInstances", "DescribeInstanceStatus"]
    asked.clear()
    now = 60.0
    assert collector.collect() == first
    assert "DescribeStacks" in asked
