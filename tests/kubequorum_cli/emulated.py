"""A cluster in an emulated account, as the operator's program sees it."""

from collections.abc import Mapping
from pathlib import Path

import boto3

from emulator.api import credentials
from emulator.tests.api.emulator import REGION, Emulator
from kubequorum_cli.target import Target


def target_in(emulator: Emulator, cluster: str) -> Target:
    """The cluster with this name, for an administrator of the account."""
    variables = credentials.administrator_environment(api_url=emulator.url, region=REGION)
    session = boto3.session.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    return Target(cluster=cluster, session=session, endpoint_url=emulator.url, kubeconfig=Path("unused"))


_LAUNCH_HOOK = """\
      LifecycleHookSpecificationList:
        - LifecycleHookName: launch
          LifecycleTransition: autoscaling:EC2_INSTANCE_LAUNCHING
          DefaultResult: ABANDON
          HeartbeatTimeout: 7200
"""


def group_of_one(cluster: str, *, tags: Mapping[str, str] | None = None, hook: bool = False) -> str:
    """Resources of a template, in YAML: a cluster's group of one instance, and what it needs.

    Args:
        cluster: the cluster's name.
        tags: more tags of the group and its instance.
        hook: whether it has a launch hook. Nothing completes it: the instance is never in service.
    """
    listed = "".join(
        f"        - {{Key: '{key}', Value: {value}, PropagateAtLaunch: true}}\n"
        for key, value in {"kubequorum:cluster": cluster, **(tags or {})}.items()
    )
    return f"""\
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {{CidrBlock: 10.4.0.0/16}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.4.1.0/24, AvailabilityZone: {REGION}b}}
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {{ImageId: ami-0123456789abcdef0, InstanceType: m7i.large}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      MinSize: 1
      MaxSize: 1
      VPCZoneIdentifier: [!Ref Subnet]
      LaunchTemplate: {{LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}}
{_LAUNCH_HOOK if hook else ""}\
      Tags:
{listed}"""
