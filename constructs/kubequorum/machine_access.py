"""How people get onto machines: an EC2 Instance Connect Endpoint, their public keys, and who may use it."""

from aws_cdk import CfnOutput
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from kubequorum.config import Cluster
from kubequorum.config.checks.access import authorized_keys
from kubequorum.permissions.statement import Permission, acknowledge_wildcards, arn, policy_document
from kubequorum_node.document import ssh_keys_parameter

_SSH_PORT = 22
_LONGEST_TUNNEL_SECONDS = 3600
"""The longest that the service offers."""


class MachineAccess(Construct):
    """The keys, and the endpoint with a policy for its users.

    Args:
        cluster: the cluster file, with keys.
        subnet: a private subnet; through the endpoint in it all subnets of the VPC are reached.
        security_group: of the endpoint; None if there is to be none.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        subnet: ec2.ISubnet,
        security_group: ec2.ISecurityGroup | None,
    ) -> None:
        super().__init__(scope, construct_id)
        parameter = ssm.CfnParameter(
            self,
            "SshKeys",
            name=ssh_keys_parameter(cluster.name),
            type="String",
            value=authorized_keys(cluster.access.ssh_keys),
            description=f"Public SSH keys of machines of {cluster.name}",
        )
        parameter.override_logical_id("SshKeys")
        CfnOutput(scope, "SshUser", value=cluster.access.ssh_user, description="User that logs in with SSH")
        if security_group is not None:
            self._endpoint(scope, cluster, subnet, security_group)

    def _endpoint(
        self, scope: Construct, cluster: Cluster, subnet: ec2.ISubnet, security_group: ec2.ISecurityGroup
    ) -> None:
        endpoint = ec2.CfnInstanceConnectEndpoint(
            self,
            "Endpoint",
            subnet_id=subnet.subnet_id,
            security_group_ids=[security_group.security_group_id],
            # Connections come from the endpoint's own address: its security group is their source.
            preserve_client_ip=False,
        )
        permissions = _permissions(cluster, endpoint)
        policy = iam.CfnManagedPolicy(
            self,
            "Policy",
            description=f"SSH to machines of cluster {cluster.name}",
            policy_document=policy_document(permissions),
        )
        acknowledge_wildcards(policy, permissions)
        CfnOutput(
            scope,
            "InstanceConnectEndpointId",
            value=endpoint.attr_id,
            description="EC2 Instance Connect Endpoint",
        )
        CfnOutput(
            scope,
            "SshPolicyArn",
            value=policy.ref,
            description="IAM policy of those who may use the endpoint",
        )


def _permissions(cluster: Cluster, endpoint: ec2.CfnInstanceConnectEndpoint) -> list[Permission]:
    """What a person needs: to open a tunnel to port 22, and to find instances and endpoint.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/permissions-for-ec2-instance-connect-endpoint.html
    """
    return [
        Permission(
            sid="OpenTunnel",
            actions=("ec2-instance-connect:OpenTunnel",),
            resources=(arn("ec2", f"instance-connect-endpoint/{endpoint.attr_id}"),),
            conditions={
                "NumericEquals": {"ec2-instance-connect:remotePort": str(_SSH_PORT)},
                "NumericLessThanEquals": {
                    "ec2-instance-connect:maxTunnelDuration": str(_LONGEST_TUNNEL_SECONDS)
                },
                "IpAddress": {"ec2-instance-connect:privateIpAddress": str(cluster.network.vpc_cidr)},
            },
        ),
        Permission(
            sid="FindMachines",
            actions=(
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceConnectEndpoints",
                "autoscaling:DescribeAutoScalingGroups",
            ),
            resources=("*",),
            wildcard_reason="reads only, and AWS offers no narrower resource for them",
        ),
        Permission(
            sid="ReadStacks",
            actions=("cloudformation:DescribeStacks", "cloudformation:ListStackResources"),
            resources=(arn("cloudformation", f"stack/{cluster.name}-*/*"),),
            wildcard_reason="bound by prefix: the cluster's stacks",
        ),
    ]
