"""Deregistration from the load balancers before the API server stops: new connections go to other masters.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html
"""

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.log import warning
from kubequorum_node.node import Node

_LEFT = frozenset({"draining", "unused"})
_DEREGISTRATION_SECONDS = 20.0


def deregister(node: Node) -> None:
    """Deregister this instance from its group's target groups, and wait until none sends it new connections.

    Auto Scaling does that itself when it terminates an instance; repeating it is harmless.
    """
    arns = target_groups(node)
    for arn in arns:
        _deregister(node, arn)
    try:
        node.clock.poll(
            f"{node.identity.instance_id} to leave the load balancers",
            lambda: _check_left(node, arns),
            seconds=_DEREGISTRATION_SECONDS,
            pause=0.5,
            longest_pause=2.0,
        )
    except WaitError as error:
        warning(f"continuing: {error}")


def target_groups(node: Node) -> list[str]:
    """ARNs of the target groups of this instance's group."""
    groups = node.lifecycle.groups()
    if not groups:
        return []
    answer = node.aws.call(
        lambda: node.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=groups)
    )
    return [arn for group in answer["AutoScalingGroups"] for arn in group.get("TargetGroupARNs", [])]


def _deregister(node: Node, arn: str) -> None:
    node.aws.call(
        lambda: node.aws.elbv2.deregister_targets(
            TargetGroupArn=arn, Targets=[{"Id": node.identity.instance_id}]
        )
    )


def _check_left(node: Node, arns: list[str]) -> None:
    for arn in arns:
        if (state := _state(node, arn)) not in _LEFT:
            raise NotYetError(f"in {arn} it is {state}")


def _state(node: Node, arn: str) -> str:
    answer = node.aws.call(
        lambda: node.aws.elbv2.describe_target_health(
            TargetGroupArn=arn, Targets=[{"Id": node.identity.instance_id}]
        )
    )
    states = [target["TargetHealth"].get("State", "") for target in answer["TargetHealthDescriptions"]]
    return states[0] if states else "unused"
