"""From answers of the AWS API to the report's plain data."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kubequorum_cli.report.model import (
    Group,
    Instance,
    LoadBalancer,
    Name,
    Rule,
    SecurityGroup,
    Stack,
    Volume,
    Zone,
)

SLOT_TAG, _WORKER_GROUP_TAG = "kubequorum:slot", "kubequorum:worker-group"
_PUBLIC_SUBNET_TAG = "kubernetes.io/role/elb"
_EVERYTHING = "-1"
"""How EC2 writes any protocol
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html)."""

Answer = Mapping[str, Any]


def stack(described: Answer) -> Stack:
    """Of DescribeStacks."""
    return Stack(
        name=described["StackName"],
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        outputs={o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])},
    )


def zones(subnets: Iterable[Answer]) -> list[Zone]:
    """Of DescribeSubnets: the zones that have subnets, by name."""
    found: dict[str, dict[str, str]] = {}
    public = []
    for subnet in subnets:
        found.setdefault(subnet["AvailabilityZone"], {})[subnet["SubnetId"]] = subnet["CidrBlock"]
        if _PUBLIC_SUBNET_TAG in _tags(subnet):
            public.append(subnet["SubnetId"])
    return [
        Zone(name=name, subnets=ids, public=[id_ for id_ in public if id_ in ids])
        for name, ids in sorted(found.items())
    ]


def group(
    described: Answer, instances: Mapping[str, Answer], events: Mapping[str, list[dict[str, Any]]]
) -> Group:
    """Of DescribeAutoScalingGroups, with what EC2 says of instances and what it has scheduled for them."""
    tags = _tags(described)
    return Group(
        name=described["AutoScalingGroupName"],
        slot=tags.get(SLOT_TAG, ""),
        worker_group=tags.get(_WORKER_GROUP_TAG, ""),
        zones=sorted(described["AvailabilityZones"]),
        min_size=described["MinSize"],
        max_size=described["MaxSize"],
        desired=described["DesiredCapacity"],
        instances=[
            _instance(
                member,
                instances.get(member["InstanceId"], {}),
                [_event(event) for event in events.get(member["InstanceId"], [])],
            )
            for member in described.get("Instances", [])
        ],
    )


def volume(described: Answer) -> Volume:
    """Of DescribeVolumes."""
    return Volume(
        id=described["VolumeId"],
        name=_tags(described).get("Name", ""),
        zone=described["AvailabilityZone"],
        size_gib=described["Size"],
        encrypted=described["Encrypted"],
        state=described["State"],
        attached_to=", ".join(a["InstanceId"] for a in described.get("Attachments", [])),
    )


def load_balancer(described: Answer, targets: dict[str, str]) -> LoadBalancer:
    """Of DescribeLoadBalancers, with the health of its targets."""
    return LoadBalancer(
        name=described["LoadBalancerName"],
        dns_name=described["DNSName"],
        scheme=described["Scheme"],
        state=described["State"]["Code"],
        targets=targets,
        security_groups=list(described.get("SecurityGroups", [])),
    )


def names(records: Iterable[Answer], *, private: bool) -> Iterator[Name]:
    """Of ListResourceRecordSets, without those that every zone has."""
    for record in records:
        if record["Type"] in {"NS", "SOA"}:
            continue
        alias = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
        values = alias or [value["Value"] for value in record.get("ResourceRecords", [])]
        yield Name(name=record["Name"], type=record["Type"], values=values, private=private)


def security_group(described: Answer) -> SecurityGroup:
    """Of DescribeSecurityGroups."""
    rules = [rule for permission in described.get("IpPermissions", []) for rule in _rules(permission)]
    return SecurityGroup(
        id=described["GroupId"],
        inbound=sorted(rules, key=lambda rule: (rule.protocol, rule.ports, rule.source)),
    )


def _rules(permission: Answer) -> Iterator[Rule]:
    sources = [(pair["GroupId"], pair) for pair in permission.get("UserIdGroupPairs", [])]
    sources += [(each["CidrIp"], each) for each in permission.get("IpRanges", [])]
    first, last = permission.get("FromPort"), permission.get("ToPort")
    protocol = permission["IpProtocol"]
    for source, each in sources:
        yield Rule(
            source=source,
            protocol="all" if protocol == _EVERYTHING else protocol,
            ports="all" if first is None else str(first) if first == last else f"{first}-{last}",
            description=each.get("Description", ""),
        )


def _instance(member: Answer, described: Answer, events: list[str]) -> Instance:
    return Instance(
        id=member["InstanceId"],
        zone=member["AvailabilityZone"],
        type=described.get("InstanceType", ""),
        state=described["State"]["Name"] if described else "gone",
        lifecycle_state=member["LifecycleState"],
        health=member["HealthStatus"],
        private_ip=described.get("PrivateIpAddress", ""),
        scheduled_events=events,
        security_groups=[each["GroupId"] for each in described.get("SecurityGroups", [])],
    )


def _event(event: Answer) -> str:
    return f"{event['Code']} not before {event['NotBefore']:%Y-%m-%d %H:%M} UTC: {event['Description']}"


def _tags(described: Answer) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
