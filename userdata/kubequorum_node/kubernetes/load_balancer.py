"""This master behind the API's load balancers: when they send it clients, and when they have stopped.

What the API says of a target is ahead of the balancer's nodes. A new target is `initial` for minutes, and one
that is `draining` goes on getting new connections for up to two: see docs/decisions/load-balancer-times.md.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html
"""

from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.document import API_PORT
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_LEFT = frozenset({"draining", "unused"})
_DEREGISTRATION_SECONDS = 20.0
_HEALTHY_SECONDS = 420.0
"""Registration takes 3 to 5 minutes, and two health checks 20 s."""
LEAVE_SECONDS = 150.0
"""How long connections may go on to come: reports say 2 minutes."""
_QUIET_SECONDS = 5.0
"""So long none has come to this master, of five each second at each address of the balancer: with two other
targets it is missed by chance once in 25,000 times."""
_PROBE_PAUSE_SECONDS = 0.2


def wait_until_healthy(node: Node) -> None:
    """Wait until this instance is a healthy target wherever its group's instances are targets.

    Raises:
        WaitError: says where it is not, and what it is there.

    """
    arns = target_groups(node)
    if not arns:
        return
    node.clock.poll(
        f"{node.identity.instance_id} to be a healthy target of the API's load balancers",
        lambda: _check_states(node, arns, frozenset({"healthy"})),
        seconds=_HEALTHY_SECONDS,
        pause=1.0,
        longest_pause=5.0,
    )


def deregister(node: Node) -> None:
    """Deregister this instance from its group's target groups, and wait until the API says so.

    Auto Scaling does that itself when it terminates an instance; repeating it is harmless.
    """
    arns = target_groups(node)
    for arn in arns:
        _deregister(node, arn)
    try:
        node.clock.poll(
            f"{node.identity.instance_id} to leave the load balancers",
            lambda: _check_states(node, arns, _LEFT),
            seconds=_DEREGISTRATION_SECONDS,
            pause=0.5,
            longest_pause=2.0,
        )
    except WaitError as error:
        warning(f"continuing: {error}")


def leave(node: Node) -> None:
    """Deregister, then wait until connections through the balancer no longer reach this master.

    It opens such connections itself, like any client, and sees by the certificate whose they became.
    """
    deregister(node)
    if len(node.etcd_spec.slots) == 1:
        # Nobody else could serve them.
        return
    name = node.document.node_api_name
    own = node.host.server_certificate(node.identity.address, API_PORT, server_name=name)
    if own is None:
        warning("the API server on this host does not answer: not waiting until nobody asks it")
        return
    begin = reached_at = node.clock.now()

    def look() -> None:
        nonlocal reached_at
        reaches = any(
            node.host.server_certificate(address, API_PORT, server_name=name) == own
            for address in sorted(node.host.resolve(name))
        )
        now = node.clock.now()
        if reaches:
            reached_at = now
        if now - reached_at < _QUIET_SECONDS:
            raise NotYetError(f"a connection came {now - reached_at:.0f} s ago")

    try:
        node.clock.poll(
            f"the load balancer of {name} to stop sending",
            look,
            seconds=LEAVE_SECONDS,
            pause=_PROBE_PAUSE_SECONDS,
        )
    except WaitError as error:
        warning(f"continuing: {error}")
    else:
        info(f"the load balancer went on sending for {reached_at - begin:.0f} s")


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


def _check_states(node: Node, arns: list[str], wanted: frozenset[str]) -> None:
    for arn in arns:
        if (found := state(node, arn, node.identity.instance_id)) not in wanted:
            raise NotYetError(f"in {arn} it is {found}")


def state(node: Node, arn: str, instance_id: str) -> str:
    """An instance's state as a target: healthy, initial, …; `unused` if it is none."""
    answer = node.aws.call(
        lambda: node.aws.elbv2.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": instance_id}])
    )
    states = [target["TargetHealth"].get("State", "") for target in answer["TargetHealthDescriptions"]]
    return states[0] if states else "unused"
