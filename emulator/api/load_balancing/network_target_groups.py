"""Target groups of network load balancers."""

import secrets

from emulator.api.load_balancing import store
from emulator.api.wire import ApiError, Request, Response

PROTOCOLS = ("TCP", "TLS", "UDP", "TCP_UDP")
_GROUP_DEFAULTS = {
    "deregistration_delay.timeout_seconds": "300",
    "deregistration_delay.connection_termination.enabled": "false",
    "preserve_client_ip.enabled": "true",
    "proxy_protocol_v2.enabled": "false",
    "stickiness.enabled": "false",
    "stickiness.type": "source_ip",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
}
"""Elastic Load Balancing, network load balancers, target group attributes; targets by instance id."""


def create_target_group(request: Request) -> Response:
    """Create a target group of a network protocol. Whoever asks again for the same one gets it.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html

    Raises:
        ApiError: its name is taken.
    """
    name = request["Name"]
    check = request.get("HealthCheckProtocol", "TCP")
    by_http = check in ("HTTP", "HTTPS")
    settings = {
        "TargetGroupName": name,
        "Protocol": request["Protocol"],
        "Port": request.get("Port"),
        "VpcId": request.get("VpcId", ""),
        "HealthCheckProtocol": check,
        "HealthCheckPort": request.get("HealthCheckPort", "traffic-port"),
        "HealthCheckEnabled": request.get("HealthCheckEnabled", True),
        "HealthCheckIntervalSeconds": request.get("HealthCheckIntervalSeconds", 30),
        "HealthCheckTimeoutSeconds": request.get("HealthCheckTimeoutSeconds", 6 if check == "HTTP" else 10),
        "HealthyThresholdCount": request.get("HealthyThresholdCount", 5),
        "UnhealthyThresholdCount": request.get("UnhealthyThresholdCount", 2),
        **({"HealthCheckPath": request.get("HealthCheckPath", "/")} if by_http else {}),
        "Matcher": request.get("Matcher") or ({"HttpCode": "200-399"} if by_http else {}),
        "TargetType": request.get("TargetType", "instance"),
    }
    for group in list(store.GROUPS.get().values()):
        if group["TargetGroupName"] == name:
            if settings.items() <= group.items():
                return {"TargetGroups": [group]}
            raise ApiError("DuplicateTargetGroupName", f"A target group with name '{name}' already exists.")
    arn = store.arn(f"targetgroup/{name}/{secrets.token_hex(8)}")
    store.GROUPS.get()[arn] = {**settings, "TargetGroupArn": arn, "LoadBalancerArns": []}
    store.TARGETS.get()[arn] = []
    store.TAGS.get()[arn] = request.get("Tags") or []
    store.GROUP_ATTRIBUTES.get()[arn] = store.attributes(_GROUP_DEFAULTS)
    return {"TargetGroups": [store.GROUPS.get()[arn]]}


def describe_target_groups(request: Request) -> Response:
    """Describe target groups of every protocol.

    Raises:
        ApiError: one that was named does not exist.
    """
    groups = store.chosen(
        list(store.GROUPS.get().values()),
        arns=request.get("TargetGroupArns"),
        names=request.get("Names"),
        key="TargetGroup",
    )
    balancer = request.get("LoadBalancerArn")
    return {"TargetGroups": [g for g in groups if balancer is None or balancer in g["LoadBalancerArns"]]}


def delete_target_group(request: Request) -> Response:
    """Delete a target group of any protocol that no listener forwards to.

    Raises:
        ApiError: there is none, or a listener forwards to it.
    """
    arn = request["TargetGroupArn"]
    store.target_group(arn)
    if store.listeners_forwarding_to(arn):
        raise ApiError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
    for table in (store.GROUPS, store.TARGETS, store.GROUP_ATTRIBUTES, store.TAGS):
        table.get().pop(arn, None)
    return {}
