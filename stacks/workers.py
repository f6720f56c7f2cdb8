"""The workers: disposable."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from kubequorum.config import Cluster
from kubequorum.node_program import Bundle, NodeProgram
from kubequorum.worker_group import WorkerGroup
from stacks.network import NetworkStack


class WorkersStack(Stack):
    """The worker groups of the cluster file."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        network: NetworkStack,
        bundle: Bundle,
        env: Environment,
        synthesizer: IStackSynthesizer,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            synthesizer=synthesizer,
            description=f"Kubequorum {cluster.name}: worker groups",
        )
        program = NodeProgram(self, "NodeProgram", bundle=bundle)
        for group in cluster.worker_groups:
            workers = WorkerGroup(
                self,
                f"Workers-{group.name}",
                cluster=cluster,
                group=group,
                subnets=network.network.node_subnets,
                security_group=network.firewall.workers,
                program=program,
            )
            CfnOutput(
                self,
                f"GroupName-{group.name}",
                value=workers.group.ref,
                description=f"Auto Scaling group of the workers '{group.name}'",
            )
