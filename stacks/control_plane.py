"""The control plane: disposable. Deleted and deployed again, it is the same cluster."""

from aws_cdk import (
    CfnCreationPolicy,
    CfnOutput,
    CfnResourceSignal,
    CfnWaitCondition,
    Environment,
    IStackSynthesizer,
    Stack,
)
from constructs import Construct

from kubequorum.api_endpoint import ApiEndpoint
from kubequorum.auto_scaling import SIGNAL_TIMEOUT
from kubequorum.backup_alarms import BackupAlarms
from kubequorum.cluster_documents import master_document
from kubequorum.config import Cluster
from kubequorum.master_slot import MasterSlot
from kubequorum.node_program import BundleBuilder, NodeProgram
from kubequorum_node.document import API_PORT
from stacks.network import NetworkStack
from stacks.state import StateStack

_WAIT_CONDITION_ID = "ControlPlaneReady"


class ControlPlaneStack(Stack):
    """Load balancer and DNS name of the API, and a master in every slot.

    Args:
        cluster: the cluster file.
        network: VPC, subnets and security groups.
        state: volumes, bucket, key and zone.
        build_bundle: builds the node program's bundle for a cluster.json.
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
            description=f"Kubequorum {cluster.name}: masters and API load balancer",
        )
        self.add_stack_dependency(state)
        api = ApiEndpoint(
            self,
            "Api",
            cluster=cluster,
            vpc=network.network.vpc,
            node_subnets=network.network.node_subnets,
            security_group=network.firewall.load_balancer,
            zone_id=state.state.zone_id,
        )
        document = master_document(cluster, stack=self.stack_name)
        program = NodeProgram(self, "NodeProgram", bundle=build_bundle(document))
        self.slots = [
            MasterSlot(
                self,
                f"Master{slot.upper()}",
                cluster=cluster,
                slot=slot,
                subnet=network.network.subnet_of(slot),
                security_group=network.firewall.masters,
                state=state.state,
                program=program,
                api=api,
                wait_condition_id=_WAIT_CONDITION_ID,
            )
            for slot in cluster.slots
        ]
        self._update_one_at_a_time()
        ready = self._wait_for_masters()
        alarms = BackupAlarms(
            self, "BackupAlarms", cluster_name=cluster.name, topic_arn=cluster.alarms.topic_arn
        )
        for alarm in alarms.alarms:
            # Before there are masters, that there is no backup is no news.
            alarm.add_resource_dependency(ready)
        CfnOutput(
            self,
            "ApiEndpoint",
            value=f"https://{cluster.api_name}:{API_PORT}",
            description="Kubernetes API",
        )
        CfnOutput(
            self,
            "ApiLoadBalancer",
            value=api.load_balancer.load_balancer_dns_name,
            description="DNS name of the API load balancer for people",
        )
        for slot, master in zip(cluster.slots, self.slots, strict=True):
            CfnOutput(
                self,
                f"Master{slot.upper()}GroupName",
                value=master.group.ref,
                description=f"Auto Scaling group of slot {slot}",
            )

    def _update_one_at_a_time(self) -> None:
        """Chain the groups a → b → c.

        The update of a group begins when the previous master has proved its health.
        At creation no group waits for a quorum, because etcd needs two of three masters
        to start at all: no group has a CreationPolicy, and masters complete their launch
        hooks early then (docs/decisions/masters-created-together.md).
        """
        for earlier, later in zip(self.slots, self.slots[1:], strict=False):
            later.group.add_resource_dependency(earlier.group)

    def _wait_for_masters(self) -> CfnWaitCondition:
        """Keep the stack in creation until every master has proved its health."""
        ready = CfnWaitCondition(self, _WAIT_CONDITION_ID)
        ready.override_logical_id(_WAIT_CONDITION_ID)
        ready.cfn_options.creation_policy = CfnCreationPolicy(
            resource_signal=CfnResourceSignal(count=len(self.slots), timeout=SIGNAL_TIMEOUT.to_iso_string())
        )
        for slot in self.slots:
            ready.add_resource_dependency(slot.group)
        return ready
