"""Network load balancers: what the API makes of them on AWS.

ministack gives every balancer the ARN, DNS name, zones and defaults of an
application load balancer. Those of type `application` stay its own.
"""

from collections.abc import Callable
from typing import Any

from emulator.api import patches
from emulator.api.load_balancing import network_balancers, network_listeners, network_target_groups
from emulator.api.wire import Protocol

_ACTIONS = patches.declare(
    "ministack.services.alb",
    "_ACTION_MAP",
    items=dict.fromkeys(
        (
            "CreateLoadBalancer",
            "DescribeLoadBalancers",
            "DeleteLoadBalancer",
            "CreateTargetGroup",
            "DescribeTargetGroups",
            "DeleteTargetGroup",
            "CreateListener",
            "ModifyListener",
            "DeleteListener",
        ),
        ("params",),
    ),
    why="a network load balancer has its own ARN, DNS name, health checks and attributes, and uses the "
    "target groups of its listeners only",
)

Handler = Callable[[Any], Any]


def install(protocol: Protocol) -> None:
    """Patch ministack's load balancers, listeners and target groups."""
    for action, ours, function in (
        ("CreateLoadBalancer", _of_network_type, network_balancers.create_load_balancer),
        ("DescribeLoadBalancers", _always, network_balancers.describe_load_balancers),
        ("DeleteLoadBalancer", _for_network_balancer, network_balancers.delete_load_balancer),
        ("CreateTargetGroup", _of_network_protocol, network_target_groups.create_target_group),
        ("DescribeTargetGroups", _always, network_target_groups.describe_target_groups),
        ("DeleteTargetGroup", _always, network_target_groups.delete_target_group),
        ("CreateListener", _for_network_balancer, network_listeners.create_listener),
        ("ModifyListener", _of_network_balancer, network_listeners.modify_listener),
        ("DeleteListener", _of_network_balancer, network_listeners.delete_listener),
    ):
        _ACTIONS.replace_item(
            action, _either(ours, protocol.handler(action, function), _ACTIONS.item(action))
        )


def _always(params: Any) -> bool:
    del params
    return True


def _of_network_type(params: Any) -> bool:
    return _first(params, "Type") == "network"


def _of_network_protocol(params: Any) -> bool:
    return _first(params, "Protocol") in network_target_groups.PROTOCOLS


def _for_network_balancer(params: Any) -> bool:
    return ":loadbalancer/net/" in _first(params, "LoadBalancerArn")


def _of_network_balancer(params: Any) -> bool:
    return ":listener/net/" in _first(params, "ListenerArn")


def _either(condition: Callable[[Any], bool], ours: Handler, original: Handler) -> Handler:
    def handle(params: Any) -> Any:
        return ours(params) if condition(params) else original(params)

    return handle


def _first(params: Any, name: str) -> str:
    value = params.get(name, "")
    return str(value[0] if isinstance(value, list) else value)
