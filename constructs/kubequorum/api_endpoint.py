"""The endpoint of the Kubernetes API: load balancers, and DNS names that point to them."""

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from constructs import Construct

from kubequorum.accepted_findings import acknowledge
from kubequorum.config import Cluster
from kubequorum.config.names import load_balancer_name
from kubequorum_node.document import API_PORT


class ApiEndpoint(Construct):
    """Network load balancers in front of the API servers, and DNS names that point to them.

    Nodes always use the internal one. Through the public one their traffic would
    leave by NAT and return from an address that no rule allows.

    Args:
        cluster: the cluster file.
        vpc: the VPC; a public load balancer is in its public subnets.
        node_subnets: the private subnets, for the internal load balancer.
        security_group: of both load balancers.
        zone_id: id of the hosted zone for the names.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        vpc: ec2.IVpc,
        node_subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        zone_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._cluster = cluster
        self._vpc = vpc
        self._security_group = security_group
        self.target_group_arns: list[str] = []

        internal = self._load_balancer("Internal", subnets=node_subnets, public=False)
        self.load_balancer = internal
        if cluster.api.exposure == "public":
            self.load_balancer = self._load_balancer("Public", subnets=vpc.public_subnets, public=True)
        # Last, so that it counts where both names are one: a private zone is visible in the VPC only.
        names = {cluster.api_name: self.load_balancer} | {cluster.node_api_name: internal}
        for name, balancer in names.items():
            # Not ARecord: its targets would load the CDK modules of every service that a name can point to.
            route53.CfnRecordSet(
                self,
                "Name" if name == cluster.api_name else "InternalName",
                hosted_zone_id=zone_id,
                name=f"{name}.",
                type="A",
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    hosted_zone_id=balancer.load_balancer_canonical_hosted_zone_id,
                    dns_name=f"dualstack.{balancer.load_balancer_dns_name}",
                ),
                comment="Kubernetes API",
            )

    def _load_balancer(
        self, construct_id: str, *, subnets: list[ec2.ISubnet], public: bool
    ) -> elbv2.NetworkLoadBalancer:
        scope = Construct(self, construct_id)
        balancer = elbv2.NetworkLoadBalancer(
            scope,
            "LoadBalancer",
            vpc=self._vpc,
            load_balancer_name=load_balancer_name(self._cluster.name, public=public),
            internet_facing=public,
            vpc_subnets=ec2.SubnetSelection(subnets=subnets),
            security_groups=[self._security_group],
            # With one master per zone, a client must not depend on the master of its own zone.
            cross_zone_enabled=True,
        )
        acknowledge(
            balancer,
            {"AwsSolutions::AwsSolutions-ELB2": "TCP listeners have no access logs; API servers do"},
        )
        target_group = elbv2.NetworkTargetGroup(
            scope,
            "Masters",
            vpc=self._vpc,
            port=API_PORT,
            protocol=elbv2.Protocol.TCP,
            target_type=elbv2.TargetType.INSTANCE,
            # With the client's address preserved, a master could not reach itself through it.
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html
            preserve_client_ip=False,
            deregistration_delay=Duration.seconds(30),
            connection_termination=True,
            health_check=elbv2.HealthCheck(
                protocol=elbv2.Protocol.HTTPS,
                port=str(API_PORT),
                path="/readyz",
                # Not 200-399; an API server answers 403 while its RBAC rules are being set up.
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=2,
            ),
        )
        balancer.add_listener(
            "Api", port=API_PORT, protocol=elbv2.Protocol.TCP, default_target_groups=[target_group]
        )
        self.target_group_arns.append(target_group.target_group_arn)
        return balancer
