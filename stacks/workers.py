"""The workers: disposable, and replaced by group."""

from aws_cdk import CfnOutput, Environment, IStackSynthesizer, Stack
from constructs import Construct

from kubequorum.config import Cluster
from kubequorum.node_program import BundleBuilder
from kubequorum.worker_group import WorkerGroup
from stacks.network import NetworkStack
from stacks.state import StateStack


class WorkersStack(Stack):
    """The worker groups of the cluster file.

    Args:
        cluster: the cluster file.
        network: subnets and security groups.
        state: bucket and key.
        build_bundle: builds the node program's bundle for a group's cluster.json.
        env: account and region.
        synthesizer: where the stack's assets go.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        network: NetworkStack,
        state: StateStack,
        build_bundle: BundleBuilder,
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
        for group in cluster.worker_groups:
            workers = WorkerGroup(
                self,
                f"Workers-{group.name}",
                cluster=cluster,
                group=group,
                subnets=network.network.node_subnets,
                security_group=network.firewall.workers,
                state=state.state,
                build_bundle=build_bundle,
            )
            CfnOutput(
                self,
                f"GroupName-{group.name}",
                value=workers.group.ref,
                description=f"Auto Scaling group of the workers '{group.name}'",
            )
