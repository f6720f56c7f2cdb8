"""A VPC with an instance, and a controller that makes load balancers for it with a role bound by a tag."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from emulator.tests.api.emulator import ACCOUNT_ID, REGION, Emulator
from emulator.tests.api.iam.policies import EC2, allow

_ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}"
TAG = "owner/shop"
TAGS = [{"Key": TAG, "Value": "owned"}, {"Key": "service", "Value": "default/web"}]
_OWNED = {f"aws:ResourceTag/{TAG}": "owned"}
_REQUESTED = {f"aws:RequestTag/{TAG}": "owned"}
_CREATIONS = ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]
_ROLE = [
    *(
        allow(f"elasticloadbalancing:{action}", f"{_ELB}:{resource}", StringEquals=condition)
        for action, resource, condition in (
            ("CreateLoadBalancer", "loadbalancer/net/*", _REQUESTED),
            ("CreateTargetGroup", "targetgroup/*", _REQUESTED),
            ("CreateListener", "loadbalancer/net/*", {**_OWNED, **_REQUESTED}),
            ("AddTags", "*", {"elasticloadbalancing:CreateAction": _CREATIONS}),
            ("Delete*", "*", _OWNED),
            ("Modify*", "*", _OWNED),
            ("*gisterTargets", "targetgroup/*", _OWNED),
        )
    ),
    allow("ec2:*SecurityGroupIngress", f"{EC2}:security-group/*", StringEquals=_OWNED),
    allow("ec2:Describe*"),
    allow("elasticloadbalancing:Describe*"),
]


class Site:
    """A VPC with a subnet in two zones, an instance, and the clients of a controller."""

    def __init__(self, emulator: Emulator) -> None:
        admin = emulator.client("ec2")
        self.vpc_id = admin.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.subnet_ids = [
            admin.create_subnet(
                VpcId=self.vpc_id, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=REGION + zone
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        self.group_ids = {
            name: admin.create_security_group(
                GroupName=f"{name}-{uuid4().hex[:8]}",
                Description=name,
                VpcId=self.vpc_id,
                TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}] if tags else [],
            )["GroupId"]
            for name, tags in (("nodes", TAGS[:1]), ("others", []))
        }
        launched = admin.run_instances(
            ImageId="ami-0123456789abcdef0",
            InstanceType="m7i.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnet_ids[0],
            SecurityGroupIds=[self.group_ids["nodes"]],
        )
        self.instance_id = launched["Instances"][0]["InstanceId"]
        admin.get_waiter("instance_running").wait(
            InstanceIds=[self.instance_id], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        session = emulator.session_of(_ROLE)
        self.admin, self.admin_elb = admin, emulator.client("elbv2")
        self.ec2 = emulator.client("ec2", session=session)
        self.elb = emulator.client("elbv2", session=session)
        self.name = f"a{uuid4().hex[:31]}"

    def balancer(self, **other: Any) -> dict[str, Any]:
        """Create the load balancer, with the role."""
        mappings = [{"SubnetId": subnet_id} for subnet_id in self.subnet_ids]
        settings = {"Name": self.name, "Type": "network", "SubnetMappings": mappings, "Tags": TAGS, **other}
        balancer: dict[str, Any] = self.elb.create_load_balancer(**settings)["LoadBalancers"][0]
        return balancer

    def group(self, port: int, **other: Any) -> str:
        """Create a target group for a port of nodes, with the instance in it."""
        settings = {
            "Name": f"web-{self.name[:16]}-{port}",
            "Port": port,
            "Protocol": "TCP",
            "TargetType": "instance",
            "VpcId": self.vpc_id,
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "10256",
            "HealthCheckPath": "/healthz",
            "HealthCheckIntervalSeconds": 10,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Tags": TAGS,
            **other,
        }
        arn = str(self.elb.create_target_group(**settings)["TargetGroups"][0]["TargetGroupArn"])
        self.elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": self.instance_id, "Port": port}])
        return arn

    def listener(self, balancer_arn: str, group_arn: str, port: int = 80) -> str:
        """Create a listener that forwards to a target group."""
        created = self.elb.create_listener(
            LoadBalancerArn=balancer_arn,
            Port=port,
            Protocol="TCP",
            DefaultActions=to(group_arn),
            Tags=TAGS,
        )
        return str(created["Listeners"][0]["ListenerArn"])

    def balancers_of(self, group_arn: str) -> list[str]:
        """The load balancers that use a target group."""
        found: Mapping[str, Any] = self.elb.describe_target_groups(TargetGroupArns=[group_arn])
        return list(found["TargetGroups"][0]["LoadBalancerArns"])

    def state(self, group_arn: str) -> str:
        """The health of the instance in a target group."""
        found = self.elb.describe_target_health(TargetGroupArn=group_arn)["TargetHealthDescriptions"]
        return str(found[0]["TargetHealth"]["State"])


def to(group_arn: str) -> list[dict[str, str]]:
    """Actions of a listener that forward to a target group."""
    return [{"Type": "forward", "TargetGroupArn": group_arn}]
