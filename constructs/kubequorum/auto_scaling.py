"""What all Auto Scaling groups have in common: lifecycle hooks, tags and rolling updates."""

from aws_cdk import CfnAutoScalingRollingUpdate, CfnUpdatePolicy, Duration
from aws_cdk import aws_autoscaling as autoscaling

from kubequorum.accepted_findings import acknowledge
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK

LAUNCH_HEARTBEAT = Duration.minutes(15)
"""Longer than the longest boot that can still succeed; every timeout in the node program is shorter."""
TERMINATE_HEARTBEAT = Duration.minutes(10)
"""Longer than graceful termination takes; after it the instance is terminated anyway."""
SIGNAL_TIMEOUT = LAUNCH_HEARTBEAT.plus(TERMINATE_HEARTBEAT)
"""How long CloudFormation waits for a new instance: termination of the old one, then the boot."""

_SUSPENDED_DURING_UPDATE = [
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
]
"""What would launch or terminate instances during the update.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html"""


def lifecycle_hooks() -> list[autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty]:
    """Both hooks, as part of the group: hooks added later would miss the first instances (aws-cdk#16356)."""
    hook = autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty
    return [
        hook(
            lifecycle_hook_name=LAUNCH_HOOK,
            lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
            heartbeat_timeout=LAUNCH_HEARTBEAT.to_seconds(),
            default_result="ABANDON",
        ),
        hook(
            lifecycle_hook_name=TERMINATE_HOOK,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=TERMINATE_HEARTBEAT.to_seconds(),
            default_result="CONTINUE",
        ),
    ]


def group_tags(
    *, for_instances: dict[str, str], for_group: dict[str, str] | None = None
) -> list[autoscaling.CfnAutoScalingGroup.TagPropertyProperty]:
    """Tags of a group.

    Args:
        for_instances: tags of the group and its instances.
        for_group: tags of the group only.

    """
    tag = autoscaling.CfnAutoScalingGroup.TagPropertyProperty
    return [
        tag(key=key, value=value, propagate_at_launch=propagate)
        for tags, propagate in ((for_instances, True), (for_group or {}, False))
        for key, value in tags.items()
    ]


def rolling_update(*, min_instances_in_service: int) -> CfnUpdatePolicy:
    """Replace instances one by one, each only after the previous one has signalled that it is ready."""
    return CfnUpdatePolicy(
        auto_scaling_rolling_update=CfnAutoScalingRollingUpdate(
            min_instances_in_service=min_instances_in_service,
            max_batch_size=1,
            wait_on_resource_signals=True,
            pause_time=SIGNAL_TIMEOUT.to_iso_string(),
            suspend_processes=_SUSPENDED_DURING_UPDATE,
        )
    )


def acknowledge_group_findings(group: autoscaling.CfnAutoScalingGroup) -> None:
    """Accept what rule checkers find in every group."""
    acknowledge(
        group,
        {
            "AwsSolutions::AwsSolutions-AS3": "scaling activities are events on EventBridge: subscribe there",
            # The rule fails on a launch template that is named by reference.
            "AwsSolutions::AwsSolutions-EC26": "the launch template encrypts the root volume",
        },
    )
