"""A slot: the place of one master in one zone. Its volume, name and records outlive its instances."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from kubequorum import permissions as may
from kubequorum import tags
from kubequorum.api_endpoint import ApiEndpoint
from kubequorum.auto_scaling import acknowledge_group_findings, group_tags, lifecycle_hooks, rolling_update
from kubequorum.config import Cluster
from kubequorum.config.names import stack_name
from kubequorum.instance_template import InstanceShape, InstanceTemplate
from kubequorum.node_program import NodeProgram
from kubequorum.state_exports import StateExports
from kubequorum.user_data import FirstBoot
from kubequorum_node.addon_set import parameter_name
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import METRICS_NAMESPACE


class MasterSlot(Construct):
    """The Auto Scaling group of one master, with permissions for its own slot only.

    Args:
        cluster: the cluster file.
        slot: a, b or c.
        subnet: the private subnet of the slot's zone.
        security_group: of all masters.
        state: exports of the State stack.
        program: the node program of masters.
        api: load balancers and names of the API.
        wait_condition_id: logical id of the WaitCondition that masters signal, besides their group.

    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        slot: str,
        subnet: ec2.ISubnet,
        security_group: ec2.ISecurityGroup,
        state: StateExports,
        program: NodeProgram,
        api: ApiEndpoint,
        wait_condition_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        issuer = state.issuer
        own_tags = tags.of_master(cluster.name, slot)
        addons_stack = stack_name(cluster.name, "Addons")
        group_id = f"Master{slot.upper()}Group"
        template = InstanceTemplate(
            self,
            "Instance",
            name=f"{cluster.name} master-{slot}",
            shape=InstanceShape(
                instance_type=cluster.masters.instance_type,
                image_id=cluster.image.for_architecture(cluster.masters.architecture),
                root_volume_gib=cluster.masters.root_volume_gib,
                security_group=security_group,
            ),
            permissions=[
                may.read_own_group(),
                may.read_instances_and_volumes(),
                may.complete_lifecycle_actions(group_tags=own_tags),
                may.report_unhealthy(cluster=cluster.name, slots=list(cluster.slots)),
                may.signal_stacks(stack.stack_name, addons_stack),
                program.read_permission(),
                program.read_addons_permission(stack=addons_stack),
                may.read_addon_set(parameter=parameter_name(cluster.name)),
                *may.move_volume(volume_id=state.volume_ids[slot], instance_tags=own_tags),
                *may.replace_volume(zone=cluster.slots[slot], volume_tags=tags.of_volume(cluster.name, slot)),
                *may.use_key(key_arn=state.key_arn),
                *may.point_name_at_itself(zone_id=state.zone_id, name=cluster.etcd_name(slot)),
                *may.share_state(bucket_arn=state.bucket_arn, slot=slot),
                may.keep_programs(bucket_arn=state.bucket_arn),
                may.send_metrics(METRICS_NAMESPACE),
                *may.read_mirror(cluster.artifacts.mirror),
                *may.pull_images(cluster),
                *may.read_ssh_keys(cluster),
                *may.leave_load_balancer(target_group_arns=api.target_group_arns),
                *(may.publish_issuer(bucket_arn=issuer.bucket_arn) if issuer else ()),
            ],
            first_boot=FirstBoot(
                program=program.location,
                config=NodeConfig(
                    role=f"master/{slot}",
                    signals=(group_id, wait_condition_id),
                    bucket=state.bucket_name,
                    etcd_volume_id=state.volume_ids[slot],
                    hosted_zone_id=state.zone_id,
                    api_load_balancer_name=api.load_balancer.load_balancer_dns_name,
                    issuer=issuer.domain if issuer else "",
                    issuer_bucket=issuer.bucket_name if issuer else "",
                ),
            ),
        )
        instance_tags = {
            **own_tags,
            "Name": f"{cluster.name} master-{slot}",
            tags.kubernetes_cluster(cluster.name): "owned",
        }
        self.group = self._group(template, subnet, api.target_group_arns, instance_tags)
        self.group.override_logical_id(group_id)

    def _group(
        self,
        template: InstanceTemplate,
        subnet: ec2.ISubnet,
        target_group_arns: Sequence[str],
        instance_tags: dict[str, str],
    ) -> autoscaling.CfnAutoScalingGroup:
        group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            min_size="1",
            max_size="1",
            # The master must always be in the zone of its volume.
            vpc_zone_identifier=[subnet.subnet_id],
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.launch_template.ref,
                version=template.launch_template.attr_latest_version_number,
            ),
            lifecycle_hook_specification_list=lifecycle_hooks(),
            target_group_arns=list(target_group_arns),
            # Not ELB: a load balancer that finds all masters unhealthy must not cause the replacement of all.
            health_check_type="EC2",
            health_check_grace_period=0,
            tags=group_tags(for_instances=instance_tags),
        )
        # None in service: the old master terminates first, because the new one needs its volume.
        group.cfn_options.update_policy = rolling_update(min_instances_in_service=0)
        acknowledge_group_findings(group)
        return group
