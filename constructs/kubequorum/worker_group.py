"""A group of workers over all zones."""

from aws_cdk import Stack
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from kubequorum import config, tags
from kubequorum import permissions as may
from kubequorum.auto_scaling import acknowledge_group_findings, group_tags, lifecycle_hooks, rolling_update
from kubequorum.cluster_documents import worker_document
from kubequorum.config.names import group_logical_id
from kubequorum.instance_template import InstanceShape, InstanceTemplate
from kubequorum.node_program import BundleBuilder, NodeProgram
from kubequorum.state_exports import StateExports
from kubequorum.user_data import FirstBoot
from kubequorum_node.config import NodeConfig


class WorkerGroup(Construct):
    """An Auto Scaling group of workers that the cluster-autoscaler may resize.

    Args:
        cluster: the cluster file.
        group: the worker group in it.
        subnets: the private subnets, one per zone.
        security_group: of all workers.
        state: exports of the State stack.
        build_bundle: builds the node program's bundle for the group's cluster.json.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: config.Cluster,
        group: config.WorkerGroup,
        subnets: list[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        state: StateExports,
        build_bundle: BundleBuilder,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self).stack_name
        document = worker_document(cluster, group, stack=stack)
        program = NodeProgram(self, "NodeProgram", bundle=build_bundle(document))
        own_tags = tags.of_worker(cluster.name, group.name)
        logical_id = group_logical_id(group.name)
        template = InstanceTemplate(
            self,
            "Instance",
            name=f"{cluster.name} worker-{group.name}",
            shape=InstanceShape(
                instance_type=group.instance_types[0],
                image_id=cluster.image.for_architecture(group.architecture),
                root_volume_gib=group.root_volume_gib,
                security_group=security_group,
            ),
            permissions=[
                may.read_own_group(),
                may.complete_lifecycle_actions(group_tags=own_tags),
                may.signal_stacks(stack),
                program.read_permission(),
                *may.read_join_material(bucket_arn=state.bucket_arn, key_arn=state.key_arn),
                may.prove_identity(bucket_arn=state.bucket_arn),
                *may.read_programs(bucket_arn=state.bucket_arn),
                *may.read_mirror(cluster.artifacts.mirror),
                *may.pull_images(cluster),
                *may.read_ssh_keys(cluster),
            ],
            first_boot=FirstBoot(
                program=program.location,
                config=NodeConfig(
                    role=f"worker/{group.name}",
                    signals=(logical_id,),
                    bucket=state.bucket_name,
                ),
            ),
        )
        all_tags = group_tags(
            for_instances=tags.of_worker_instances(cluster.name, group.name),
            for_group=tags.of_worker_group_only(cluster.name, group.node_labels, group.taint_values),
        )
        self.group = _group(self, group, template, subnets, all_tags)
        self.group.override_logical_id(logical_id)


def _group(
    scope: Construct,
    group: config.WorkerGroup,
    template: InstanceTemplate,
    subnets: list[ec2.ISubnet],
    all_tags: list[autoscaling.CfnAutoScalingGroup.TagPropertyProperty],
) -> autoscaling.CfnAutoScalingGroup:
    cfn = autoscaling.CfnAutoScalingGroup
    resource = cfn(
        scope,
        "Group",
        # No desired capacity: a deploy must not reset what the cluster-autoscaler chose.
        min_size=str(group.min_size),
        max_size=str(group.max_size),
        vpc_zone_identifier=[subnet.subnet_id for subnet in subnets],
        mixed_instances_policy=cfn.MixedInstancesPolicyProperty(
            launch_template=cfn.LaunchTemplateProperty(
                launch_template_specification=cfn.LaunchTemplateSpecificationProperty(
                    launch_template_id=template.launch_template.ref,
                    version=template.launch_template.attr_latest_version_number,
                ),
                overrides=[
                    cfn.LaunchTemplateOverridesProperty(instance_type=name) for name in group.instance_types
                ],
            ),
            instances_distribution=cfn.InstancesDistributionProperty(
                on_demand_base_capacity=0,
                on_demand_percentage_above_base_capacity=100 - group.spot_percent,
                on_demand_allocation_strategy="prioritized",
                spot_allocation_strategy="price-capacity-optimized",
            ),
        ),
        # A spot instance at risk gets a successor, then terminates through its hook: its drain has more time
        # than the two minutes of an interruption.
        capacity_rebalance=True if group.spot_percent > 0 else None,
        lifecycle_hook_specification_list=lifecycle_hooks(),
        health_check_type="EC2",
        health_check_grace_period=0,
        tags=all_tags,
    )
    # Less than max_size: in a full group an old instance terminates before a new one launches.
    resource.cfn_options.update_policy = rolling_update(
        min_instances_in_service=min(group.min_size, group.max_size - 1)
    )
    acknowledge_group_findings(resource)
    return resource
