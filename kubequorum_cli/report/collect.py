"""Asks the AWS API what the cluster's stacks have built, starting from the stacks' lists of resources.

Errors of botocore are not handled.
"""

from typing import TYPE_CHECKING, Any

from kubequorum_cli.report.firewall import security_groups
from kubequorum_cli.report.model import Group, Instance, LoadBalancer, Report, Stack, Volume, Zone
from kubequorum_cli.report.names import names
from kubequorum_cli.resources import CLUSTER_TAG, SLOT_TAG, WORKER_GROUP_TAG, Resources
from kubequorum_cli.target import Target

if TYPE_CHECKING:
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client

_PUBLIC_SUBNET_TAG = "kubernetes.io/role/elb"
_WORST_FIRST = ("impaired", "insufficient-data", "initializing", "ok")


def collect(target: Target) -> Report:
    """Ask for everything."""
    resources = Resources(target)
    return Report(
        stacks=stacks(resources),
        zones=zones(resources),
        groups=groups(resources),
        volumes=volumes(resources),
        load_balancers=load_balancers(resources),
        names=names(resources),
        security_groups=security_groups(resources),
    )


def stacks(resources: Resources) -> list[Stack]:
    """The cluster's stacks that exist."""
    return [
        Stack(
            name=stack["StackName"],
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            created=stack["CreationTime"].isoformat(timespec="seconds"),
            outputs={o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])},
        )
        for stack in resources.stacks()
    ]


def zones(resources: Resources) -> list[Zone]:
    """The zones in which the stacks have subnets."""
    if not (ids := resources.inventory.get("AWS::EC2::Subnet")):
        return []
    found: dict[str, dict[str, str]] = {}
    public = []
    # Filters, here and below: unlike a list of ids they may name what no longer exists.
    pages = resources.client("ec2").get_paginator("describe_subnets")
    for page in pages.paginate(Filters=[{"Name": "subnet-id", "Values": ids}]):
        for subnet in page["Subnets"]:
            found.setdefault(subnet["AvailabilityZone"], {})[subnet["SubnetId"]] = subnet["CidrBlock"]
            if _PUBLIC_SUBNET_TAG in {tag["Key"] for tag in subnet.get("Tags", [])}:
                public.append(subnet["SubnetId"])
    return [
        Zone(name=name, subnets=subnets, public=[id_ for id_ in public if id_ in subnets])
        for name, subnets in sorted(found.items())
    ]


def groups(resources: Resources) -> list[Group]:
    """The stacks' groups with their instances."""
    described = resources.all_groups()
    ids = [instance["InstanceId"] for group in described for instance in group.get("Instances", [])]
    instances = resources.instances_by_id(ids)
    statuses = resources.statuses([id_ for id_ in ids if id_ in instances])
    return [
        Group(
            name=group["AutoScalingGroupName"],
            slot=_tag(group, SLOT_TAG),
            worker_group=_tag(group, WORKER_GROUP_TAG),
            zones=sorted(group["AvailabilityZones"]),
            min_size=group["MinSize"],
            max_size=group["MaxSize"],
            desired=group["DesiredCapacity"],
            suspended=sorted(process["ProcessName"] for process in group.get("SuspendedProcesses", [])),
            instances=[
                _instance(
                    member, instances.get(member["InstanceId"], {}), statuses.get(member["InstanceId"], {})
                )
                for member in group.get("Instances", [])
            ],
        )
        for group in described
    ]


def _instance(member: dict[str, Any], described: dict[str, Any], status: dict[str, Any]) -> Instance:
    return Instance(
        id=member["InstanceId"],
        zone=member["AvailabilityZone"],
        type=described.get("InstanceType", ""),
        state=described["State"]["Name"] if described else "gone",
        lifecycle_state=member["LifecycleState"],
        health=member["HealthStatus"],
        private_ip=described.get("PrivateIpAddress", ""),
        status_checks=_status_checks(status),
        scheduled_events=[_event(event) for event in status.get("Events", []) if not _is_over(event)],
        host_name=str(described.get("PrivateDnsName") or "").partition(".")[0],
        security_groups=[group["GroupId"] for group in described.get("SecurityGroups", [])],
    )


def _status_checks(status: dict[str, Any]) -> str:
    """The worse one of the two checks, of the host below and of the instance itself."""
    checks = {status.get(check, {}).get("Status", "") for check in ("SystemStatus", "InstanceStatus")}
    return next((state for state in _WORST_FIRST if state in checks), "")


def _event(event: dict[str, Any]) -> str:
    return f"{event['Code']} not before {event['NotBefore']:%Y-%m-%d %H:%M} UTC: {event['Description']}"


def _tag(described: dict[str, Any], key: str) -> str:
    """The value of a tag of something that AWS has described; empty without it."""
    return next((str(tag["Value"]) for tag in described.get("Tags", []) if tag["Key"] == key), "")


def _is_over(event: dict[str, Any]) -> bool:
    """Whether it was done or called off: EC2 lists it for another week, and says so in its description.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
    """
    return str(event.get("Description", "")).startswith(("[Completed]", "[Canceled]"))


def volumes(resources: Resources) -> list[Volume]:
    """The volumes that the stacks declare, and all etcd volumes of the cluster."""
    if not (ids := resources.inventory.get("AWS::EC2::Volume")):
        return []
    of_slots = [
        {"Name": f"tag:{CLUSTER_TAG}", "Values": [resources.target.cluster]},
        {"Name": "tag-key", "Values": [SLOT_TAG]},
    ]
    pages = resources.client("ec2").get_paginator("describe_volumes")
    found = {
        volume["VolumeId"]: Volume(
            id=volume["VolumeId"],
            name=_tag(volume, "Name"),
            slot=_tag(volume, SLOT_TAG),
            zone=volume["AvailabilityZone"],
            size_gib=volume["Size"],
            encrypted=volume["Encrypted"],
            state=volume["State"],
            attached_to=", ".join(a["InstanceId"] for a in volume.get("Attachments", [])),
        )
        for filters in ([{"Name": "volume-id", "Values": ids}], of_slots)
        for page in pages.paginate(Filters=filters)
        for volume in page["Volumes"]
    }
    return sorted(found.values(), key=lambda volume: volume.zone)


Balancer = tuple[dict[str, Any], list[str]]
"""A load balancer as Elastic Load Balancing describes it, and the ARNs of its target groups."""


def describe_balancers(resources: Resources) -> list[Balancer]:
    """The stacks' load balancers."""
    if not (arns := resources.inventory.get("AWS::ElasticLoadBalancingV2::LoadBalancer")):
        return []
    client: ElasticLoadBalancingv2Client = resources.client("elbv2")
    found: list[Balancer] = []
    for balancer in client.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"]:
        groups = client.describe_target_groups(LoadBalancerArn=balancer["LoadBalancerArn"])["TargetGroups"]
        found.append((dict(balancer), [group["TargetGroupArn"] for group in groups]))
    return found


def load_balancers(resources: Resources, described: list[Balancer] | None = None) -> list[LoadBalancer]:
    """The stacks' load balancers with the health of their targets.

    Args:
        resources: the cluster's.
        described: of `describe_balancers`, if that was asked before.
    """
    return [
        LoadBalancer(
            name=balancer["LoadBalancerName"],
            dns_name=balancer["DNSName"],
            scheme=balancer["Scheme"],
            state=balancer["State"]["Code"],
            targets=_targets(resources.client("elbv2"), groups),
            security_groups=list(balancer.get("SecurityGroups", [])),
        )
        for balancer, groups in (describe_balancers(resources) if described is None else described)
    ]


def _targets(elb: "ElasticLoadBalancingv2Client", groups: list[str]) -> dict[str, str]:
    return {
        f"{health['Target']['Id']}:{health['Target'].get('Port', '')}": health["TargetHealth"]["State"]
        for group in groups
        for health in elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    }
