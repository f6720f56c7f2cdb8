"""Asks the AWS API what the cluster's stacks have built, starting from the stacks' lists of resources."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from kubequorum_cli.report import reading
from kubequorum_cli.report.model import (
    Group,
    LoadBalancer,
    Name,
    Report,
    SecurityGroup,
    Stack,
    Volume,
    Zone,
)
from kubequorum_cli.resources import CLUSTER_TAG, Resources
from kubequorum_cli.target import Target

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import FilterTypeDef
    from types_boto3_elbv2 import ElasticLoadBalancingv2Client
    from types_boto3_route53 import Route53Client

Answer = TypeVar("Answer")


def collect(target: Target) -> Report:
    """Ask for everything, once; errors of botocore are not handled."""
    return Collector(target).collect()


class Collector:
    """Asks for one cluster, once or again and again.

    Instances, volumes and the health of targets are asked for each time: four or five requests. The rest,
    about 25, changes seldom.
    """

    def __init__(
        self, target: Target, *, keep_seconds: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`keep_seconds`: for how long an answer of what changes seldom is used; `now` is a clock."""
        self._target = target
        self._resources = Resources(target)
        self._keep_seconds = keep_seconds
        self._now = now
        self._kept: dict[str, tuple[float, object, Any]] = {}
        self._resource_ids: dict[str, list[str]] = {}

    def collect(self) -> Report:
        """Ask; errors of botocore are not handled."""
        stacks = self._seldom("stacks", self._stacks)
        return Report(
            stacks=stacks,
            zones=self._seldom("zones", self._zones),
            groups=self._groups(),
            volumes=self._volumes(),
            load_balancers=self._load_balancers(),
            names=self._seldom("names", self._names),
            security_groups=self._seldom("security groups", self._security_groups),
        )

    def _seldom(self, what: str, ask: Callable[[], Answer], about: object = None) -> Answer:
        """The answer, or an earlier one about the same that is not too old."""
        asked, before, answer = self._kept.get(what, (-self._keep_seconds, None, None))
        now = self._now()
        if what not in self._kept or before != about or now - asked >= self._keep_seconds:
            answer = ask()
            self._kept[what] = (now, about, answer)
        found: Answer = answer
        return found

    def _owned(self, resource_type: str) -> list[str]:
        """The physical ids of the stacks' resources of a type."""
        return self._resource_ids.get(resource_type, [])

    def _stacks(self) -> list[Stack]:
        stacks = [reading.stack(described) for described in self._resources.stacks()]
        # Together with the stacks: what they own changes when they do.
        self._resource_ids = self._resources.owned(*(stack.name for stack in stacks))
        return stacks

    def _zones(self) -> list[Zone]:
        if not (ids := self._owned("AWS::EC2::Subnet")):
            return []
        ec2: EC2Client = self._target.client("ec2")
        # Filters, here and below: unlike a list of ids they may name what no longer exists.
        pages = ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "subnet-id", "Values": ids}])
        return reading.zones([subnet for page in pages for subnet in page["Subnets"]])

    def _groups(self) -> list[Group]:
        groups = self._resources.groups_named(self._owned("AWS::AutoScaling::AutoScalingGroup"))
        ids = [instance["InstanceId"] for group in groups for instance in group.get("Instances", [])]
        instances = self._resources.instances_by_id(ids)
        known = [id_ for id_ in ids if id_ in instances]
        events = self._seldom("events", lambda: self._resources.scheduled_events(known), about=known)
        return [reading.group(group, instances, events) for group in groups]

    def _volumes(self) -> list[Volume]:
        # By tags: one that a master made in the place of a lost one belongs to no stack.
        ec2: EC2Client = self._target.client("ec2")
        filters: list[FilterTypeDef] = [self._of_cluster, {"Name": "tag-key", "Values": [reading.SLOT_TAG]}]
        pages = ec2.get_paginator("describe_volumes").paginate(Filters=filters)
        volumes = [reading.volume(volume) for page in pages for volume in page["Volumes"]]
        return sorted(volumes, key=lambda volume: (volume.zone, volume.id))

    def _load_balancers(self) -> list[LoadBalancer]:
        if not (arns := self._owned("AWS::ElasticLoadBalancingV2::LoadBalancer")):
            return []
        elb: ElasticLoadBalancingv2Client = self._target.client("elbv2")
        described = self._seldom(
            "load balancers", lambda: elb.describe_load_balancers(LoadBalancerArns=arns)["LoadBalancers"]
        )
        return [
            reading.load_balancer(balancer, self._targets(elb, balancer["LoadBalancerArn"]))
            for balancer in described
        ]

    def _targets(self, elb: "ElasticLoadBalancingv2Client", arn: str) -> dict[str, str]:
        groups = self._seldom(
            f"target groups of {arn}", lambda: elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
        )
        return {
            f"{health['Target']['Id']}:{health['Target'].get('Port', '')}": health["TargetHealth"]["State"]
            for group in groups
            for health in elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
        }

    def _names(self) -> list[Name]:
        route53: Route53Client = self._target.client("route53")
        names: list[Name] = []
        for zone_id in self._owned("AWS::Route53::HostedZone"):
            zone = route53.get_hosted_zone(Id=zone_id)["HostedZone"]
            private = zone.get("Config", {}).get("PrivateZone", False)
            for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id):
                names += reading.names(page["ResourceRecordSets"], private=private)
        return names

    def _security_groups(self) -> list[SecurityGroup]:
        ec2: EC2Client = self._target.client("ec2")
        pages = ec2.get_paginator("describe_security_groups").paginate(Filters=[self._of_cluster])
        groups = [reading.security_group(group) for page in pages for group in page["SecurityGroups"]]
        return sorted(groups, key=lambda group: group.id)

    @property
    def _of_cluster(self) -> "FilterTypeDef":
        return {"Name": f"tag:{CLUSTER_TAG}", "Values": [self._target.cluster]}
