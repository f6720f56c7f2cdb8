"""The network: cheap to recreate, but everything depends on it."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from kubequorum.config import Cluster
from kubequorum.firewall import Firewall
from kubequorum.machine_access import MachineAccess
from kubequorum.network import ClusterNetwork


class NetworkStack(Stack):
    """VPC, subnets, the way out, and the security groups.

    Args:
        cluster: the cluster file.
        env: account and region.
        synthesizer: where the stack's assets go.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        env: Environment,
        synthesizer: IStackSynthesizer,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            synthesizer=synthesizer,
            description=f"Kubequorum {cluster.name}: VPC, subnets, security groups",
        )
        self.network = ClusterNetwork(self, "Network", cluster=cluster)
        self.firewall = Firewall(self, "Firewall", cluster=cluster, vpc=self.network.vpc)
        if cluster.access.ssh_keys:
            MachineAccess(
                self,
                "Access",
                cluster=cluster,
                subnet=self.network.node_subnets[0],
                security_group=self.firewall.ssh_endpoint,
            )
        CfnOutput(self, "VpcId", value=self.network.vpc.vpc_id, description="VPC of the cluster")
