"""The VPC: a private and a public subnet in every zone, and the way out of it."""

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from kubequorum import tags
from kubequorum.config import Cluster
from kubequorum.config.checks.addresses import PRIVATE_SUBNET_EXTRA_BITS, PUBLIC_SUBNET_EXTRA_BITS


class ClusterNetwork(Construct):
    """A VPC over the cluster's zones.

    Masters and workers are in the private subnets; the public ones hold NAT
    gateways and internet-facing load balancers only. Without NAT there is no
    internet gateway and no public subnet.

    Args:
        cluster: the cluster file; `network.nat` decides on gateways and endpoints.

    """

    def __init__(self, scope: Construct, construct_id: str, *, cluster: Cluster) -> None:
        super().__init__(scope, construct_id)
        zones = list(cluster.zones)
        nat_gateways = {"per-zone": len(zones), "single": 1, "none": 0}[cluster.network.nat]
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(str(cluster.network.vpc_cidr)),
            availability_zones=zones,
            nat_gateways=nat_gateways,
            # The private subnets come first, so that their addresses stay when network.nat changes.
            subnet_configuration=_subnets(cluster),
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
            # Emptying it would need a Lambda function of the CDK; nothing uses the default group.
            restrict_default_security_group=False,
        )
        self._log_refused_traffic()
        if not nat_gateways:
            self._add_interface_endpoints(cluster)
        self._tag_subnets(cluster)

    def subnet_of(self, slot: str) -> ec2.ISubnet:
        """The private subnet of a slot: `a` is in the first zone, and so on."""
        return self.node_subnets["abc".index(slot)]

    @property
    def node_subnets(self) -> list[ec2.ISubnet]:
        """The private subnets, one per zone, in the order of the zones."""
        return self.vpc.private_subnets or self.vpc.isolated_subnets

    def _log_refused_traffic(self) -> None:
        """Log what security groups reject: cheap, and the first thing to look at when a connection fails."""
        log_group = logs.LogGroup(
            self,
            "FlowLogGroup",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )

    def _add_interface_endpoints(self, cluster: Cluster) -> None:
        group = ec2.SecurityGroup(
            self,
            "Endpoints",
            vpc=self.vpc,
            description=f"Endpoints of {cluster.name}",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.ipv4(str(cluster.network.vpc_cidr)), ec2.Port.tcp(443), "AWS APIs, from the VPC"
        )
        for name, service in _interface_endpoints(cluster).items():
            self.vpc.add_interface_endpoint(name, service=service, security_groups=[group], open=False)

    def _tag_subnets(self, cluster: Cluster) -> None:
        for subnet in self.node_subnets:
            Tags.of(subnet).add(tags.kubernetes_cluster(cluster.name), "owned")
            Tags.of(subnet).add(tags.SUBNET_FOR_INTERNAL_LOAD_BALANCERS, "1")
        for subnet in self.vpc.public_subnets:
            Tags.of(subnet).add(tags.kubernetes_cluster(cluster.name), "owned")
            Tags.of(subnet).add(tags.SUBNET_FOR_PUBLIC_LOAD_BALANCERS, "1")


def _interface_endpoints(cluster: Cluster) -> dict[str, ec2.InterfaceVpcEndpointAwsService]:
    """AWS APIs that instances call, for a VPC without NAT. S3 has a gateway endpoint in every VPC.

    ECR needs two, and S3's for layers: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    service = ec2.InterfaceVpcEndpointAwsService
    ecr = {"Ecr": service.ECR, "EcrDocker": service.ECR_DOCKER} if cluster.registries.ecr else {}
    return {
        **ecr,
        "AutoScaling": service.AUTOSCALING,
        "CloudFormation": service.CLOUDFORMATION,
        "CloudWatch": service.CLOUDWATCH_MONITORING,
        "Ec2": service.EC2,
        "ElasticLoadBalancing": service.ELASTIC_LOAD_BALANCING,
        "Ssm": service.SSM,
    }


def _subnets(cluster: Cluster) -> list[ec2.SubnetConfiguration]:
    prefix = cluster.network.vpc_cidr.prefixlen
    has_nat = cluster.network.nat != "none"
    private_type = ec2.SubnetType.PRIVATE_WITH_EGRESS if has_nat else ec2.SubnetType.PRIVATE_ISOLATED
    private = ec2.SubnetConfiguration(
        name="private", subnet_type=private_type, cidr_mask=prefix + PRIVATE_SUBNET_EXTRA_BITS
    )
    public = ec2.SubnetConfiguration(
        name="public",
        subnet_type=ec2.SubnetType.PUBLIC,
        cidr_mask=prefix + PUBLIC_SUBNET_EXTRA_BITS,
        map_public_ip_on_launch=False,
    )
    return [private, public] if has_nat else [private]
