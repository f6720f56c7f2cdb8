"""Permissions of all instances: read their place in a group, report to group and stack, download programs."""

from kubequorum.config import Cluster
from kubequorum.permissions.statement import PARTITION, Permission, arn, resource_tags
from kubequorum_node.document import ssh_keys_parameter


def read_own_group() -> Permission:
    """Read which group an instance belongs to, and its lifecycle state there."""
    return Permission(
        sid="ReadOwnGroup",
        actions=("autoscaling:DescribeAutoScalingInstances",),
        resources=("*",),
        wildcard_reason="reads only, and AWS offers no narrower resource for them",
    )


def read_ssh_keys(cluster: Cluster) -> list[Permission]:
    """Read the public keys of those who may log in, where somebody may."""
    if not cluster.access.ssh_keys:
        return []
    return [
        Permission(
            sid="ReadSshKeys",
            actions=("ssm:GetParameter",),
            resources=(arn("ssm", f"parameter{ssh_keys_parameter(cluster.name)}"),),
        )
    ]


def complete_lifecycle_actions(*, group_tags: dict[str, str]) -> Permission:
    """Complete and extend lifecycle actions in groups with these tags only."""
    return Permission(
        sid="OwnGroup",
        actions=(
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:RecordLifecycleActionHeartbeat",
        ),
        resources=(arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),),
        conditions={"StringEquals": resource_tags(group_tags)},
        wildcard_reason="bound by tag: the policy must exist before the group has its name",
    )


def signal_stacks(*stack_names: str) -> Permission:
    """Signal stacks that their resources are ready."""
    return Permission(
        sid="SignalStack",
        actions=("cloudformation:DescribeStackResource", "cloudformation:SignalResource"),
        resources=tuple(arn("cloudformation", f"stack/{name}/*") for name in stack_names),
        wildcard_reason="stacks by their names; their ids are not known before they are created",
    )


def read_mirror(mirror: str | None) -> list[Permission]:
    """Download programs from a mirror on S3; nothing for a mirror on the web, or without one."""
    if mirror is None or not mirror.startswith("s3://"):
        return []
    place = mirror.removeprefix("s3://").rstrip("/")
    return [
        Permission(
            sid="ReadMirror",
            actions=("s3:GetObject",),
            resources=(f"arn:{PARTITION}:s3:::{place}/*",),
            wildcard_reason="bound by prefix: the mirror that the cluster file names",
        )
    ]
