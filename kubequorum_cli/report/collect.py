"""Asks the AWS API what the cluster's stacks have built, starting from the stacks' lists of resources."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from kubequorum_cli.report.model import Group, Instance, LoadBalancer, Name, Report, Stack, Volume, Zone
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client

Owned: TypeAlias = Callable[[str], list[str]]
"""From a resource type to the physical ids of the stacks' resources of that type."""


def collect(target: Target) -> Report:
    """Ask for everything; errors of botocore are not handled."""
    ec2 = target.client("ec2")
    resources = Resources(target)
    stacks = _stacks(resources)
    found = resources.owned(*(stack.name for stack in stacks))

    def owned(resource_type: str) -> list[str]:
        return found.get(resource_type, [])

    return Report(
        stacks=stacks,
        zones=_zones(ec2, owned),
        groups=_groups(resources),
        volumes=_volumes(ec2, owned),
        load_balancers=_load_balancers(target.client("elbv2"), owned),
        names=_names(target.client("route53"), owned),
    )


def _stacks(resources: Resources) -> list[Stack]:
    return [
        Stack(
            name=stack["StackName"],
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            outputs={o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])},
        )
        for stack in resources.stacks()
    ]


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


def _groups(resources: Resources) -> list[Group]:
    groups = resources.all_groups()
    ids = [instance["InstanceId"] for group in groups for instance in group.get("Instances", [])]
    described = resources.instances_by_id(ids)
    events = resources.scheduled_events([id_ for id_ in ids if id_ in described])
    return [
        Group(
            name=group["AutoScalingGroupName"],
            zones=sorted(group["AvailabilityZones"]),
            min_size=group["MinSize"],
            max_size=group["MaxSize"],
            desired=group["DesiredCapacity"],
            instances=[
                _instance(
                    member,
                    described.get(member["InstanceId"], {}),
                    [_event(event) for event in events.get(member["InstanceId"], [])],
                )
                for member in group.get("Instances", [])
            ],
        )
        for group in groups
    ]


def _event(event: dict[str, Any]) -> str:
    return f"{event['Code']} not before {event['NotBefore']:%Y-%m-%d %H:%M} UTC: {event['Description']}"


def _instance(member: dict[str, Any], described: dict[str, Any], events: list[str]) -> Instance:
    return Instance(
        id=member["InstanceId"],
        zone=member["AvailabilityZone"],
        type=described.get("InstanceType", ""),
        state=described["State"]["Name"] if described else "gone",
        lifecycle_state=member["LifecycleState"],
        health=member["HealthStatus"],
        private_ip=described.get("PrivateIpAddress", ""),
        scheduled_events=events,
    )


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
