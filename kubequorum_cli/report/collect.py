"""Asks the AWS API what the stacks have built, starting from the stacks' lists of resources."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from kubequorum_cli.report.model import Group, Instance, LoadBalancer, Name, Report, Stack, Volume, Zone
from kubequorum_cli.target import Target

if TYPE_CHECKING:
    from types_boto3_autoscaling import AutoScalingClient
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client

_BOOTSTRAP_STACK = "CDKToolkit"

Owned: TypeAlias = Callable[[str], list[str]]
"""From a resource type to the physical ids of the stacks' resources of that type."""


def collect(target: Target) -> Report:
    """Ask for everything; errors of botocore are not handled."""
    cloudformation = target.client("cloudformation")
    ec2 = target.client("ec2")
    stacks = _stacks(cloudformation)
    owned = _owned(cloudformation, stacks)
    return Report(
        stacks=stacks,
        zones=_zones(ec2, owned),
        groups=_groups(target.client("autoscaling"), ec2, owned),
        volumes=_volumes(ec2, owned),
        load_balancers=_load_balancers(target.client("elbv2"), owned),
        names=_names(target.client("route53"), owned),
    )


def _stacks(cloudformation: "CloudFormationClient") -> list[Stack]:
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    return [
        Stack(
            name=stack["StackName"],
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            outputs={o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])},
        )
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"] != _BOOTSTRAP_STACK and stack["StackStatus"] != "DELETE_COMPLETE"
    ]


def _owned(cloudformation: "CloudFormationClient", stacks: list[Stack]) -> Owned:
    found: dict[str, list[str]] = {}
    for stack in stacks:
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.name):
            for resource in page["StackResourceSummaries"]:
                if resource.get("PhysicalResourceId") and resource["ResourceStatus"] != "DELETE_COMPLETE":
                    found.setdefault(resource["ResourceType"], []).append(resource["PhysicalResourceId"])
    return lambda resource_type: found.get(resource_type, [])


def _zones(ec2: "EC2Client", owned: Owned) -> list[Zone]:
    if not (ids := owned("AWS::EC2::Subnet")):
        return []
    zones: dict[str, dict[str, str]] = {}
    # Filters, here and below: unlike a list of ids they may name what no longer exists.
    pages = ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "subnet-id", "Values": ids}])
    for page in pages:
        for subnet in page["Subnets"]:
            zones.setdefault(subnet["AvailabilityZone"], {})[subnet["SubnetId"]] = subnet["CidrBlock"]
    return [Zone(name=name, subnets=subnets) for name, subnets in sorted(zones.items())]


def _groups(autoscaling: "AutoScalingClient", ec2: "EC2Client", owned: Owned) -> list[Group]:
    if not (names := owned("AWS::AutoScaling::AutoScalingGroup")):
        return []
    pages = autoscaling.get_paginator("describe_auto_scaling_groups").paginate(AutoScalingGroupNames=names)
    groups = [group for page in pages for group in page["AutoScalingGroups"]]
    ids = [instance["InstanceId"] for group in groups for instance in group.get("Instances", [])]
    described = _instances(ec2, ids)
    return [
        Group(
            name=group["AutoScalingGroupName"],
            zones=sorted(group["AvailabilityZones"]),
            min_size=group["MinSize"],
            max_size=group["MaxSize"],
            desired=group["DesiredCapacity"],
            instances=[
                Instance(
                    id=member["InstanceId"],
                    zone=member["AvailabilityZone"],
                    type=described.get(member["InstanceId"], ("", "", ""))[0],
                    state=described.get(member["InstanceId"], ("", "gone", ""))[1],
                    lifecycle_state=member["LifecycleState"],
                    health=member["HealthStatus"],
                    private_ip=described.get(member["InstanceId"], ("", "", ""))[2],
                )
                for member in group.get("Instances", [])
            ],
        )
        for group in sorted(groups, key=lambda group: group["AutoScalingGroupName"])
    ]


def _instances(ec2: "EC2Client", ids: list[str]) -> dict[str, tuple[str, str, str]]:
    """Type, state and private address by instance id."""
    if not ids:
        return {}
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[{"Name": "instance-id", "Values": ids}])
    return {
        instance["InstanceId"]: (
            instance["InstanceType"],
            instance["State"]["Name"],
            instance.get("PrivateIpAddress", ""),
        )
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }


def _volumes(ec2: "EC2Client", owned: Owned) -> list[Volume]:
    if not (ids := owned("AWS::EC2::Volume")):
        return []
    pages = ec2.get_paginator("describe_volumes").paginate(Filters=[{"Name": "volume-id", "Values": ids}])
    volumes = [
        Volume(
            id=volume["VolumeId"],
            name=next((t["Value"] for t in volume.get("Tags", []) if t["Key"] == "Name"), ""),
            zone=volume["AvailabilityZone"],
            size_gib=volume["Size"],
            encrypted=volume["Encrypted"],
            state=volume["State"],
            attached_to=", ".join(a["InstanceId"] for a in volume.get("Attachments", [])),
        )
        for page in pages
        for volume in page["Volumes"]
    ]
    return sorted(volumes, key=lambda volume: volume.zone)


def _load_balancers(elb: "ElasticLoadBalancingv2Client", owned: Owned) -> list[LoadBalancer]:
    if not (arns := owned("AWS::ElasticLoadBalancingV2::LoadBalancer")):
        return []
    return [
        LoadBalancer(
            name=balancer["LoadBalancerName"],
            dns_name=balancer["DNSName"],
            scheme=balancer["Scheme"],
            state=balancer["State"]["Code"],
            targets=_targets(elb, balancer["LoadBalancerArn"]),
        )
        for balancer in elb.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"]
    ]


def _targets(elb: "ElasticLoadBalancingv2Client", arn: str) -> dict[str, str]:
    return {
        f"{health['Target']['Id']}:{health['Target'].get('Port', '')}": health["TargetHealth"]["State"]
        for group in elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
        for health in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
    }


def _names(route53: "Route53Client", owned: Owned) -> list[Name]:
    names = []
    for zone_id in owned("AWS::Route53::HostedZone"):
        private = (
            route53.get_hosted_zone(Id=zone_id)["HostedZone"].get("Config", {}).get("PrivateZone", False)
        )
        for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id):
            for record in page["ResourceRecordSets"]:
                if record["Type"] in {"NS", "SOA"}:
                    continue
                alias = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
                values = alias or [value["Value"] for value in record.get("ResourceRecords", [])]
                names.append(Name(name=record["Name"], type=record["Type"], values=values, private=private))
    return names
