"""The AWS role of the cloud-controller-manager: load balancers with the cluster's tag, and rules for them.

Every request of it that creates something gives it the tag, and everything else needs it. The load
balancers of the API do not have it. Of security groups those of workers have it alone.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
"""

from kubequorum import tags
from kubequorum.permissions import Permission
from kubequorum.permissions.statement import arn, resource_tags

_OWNED = "owned"
_BALANCERS, _LISTENERS, _GROUPS = "loadbalancer/net/*", "listener/net/*", "targetgroup/*"
_CREATIONS = ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]
_REASON = "bound by tag: load balancers get their ids when they are created"


def permissions(cluster_name: str) -> tuple[Permission, ...]:
    """Make network load balancers for Services, send them to workers, and open workers to them."""
    tag = tags.kubernetes_cluster(cluster_name)
    has_tag = resource_tags({tag: _OWNED})
    gives_tag: dict[str, str | list[str]] = {f"aws:RequestTag/{tag}": _OWNED}
    return (
        Permission(
            sid="FindOut",
            actions=(
                *_of("ec2", "Describe", "AvailabilityZones Instances RouteTables SecurityGroups Subnets"),
                *_of("elasticloadbalancing", "Describe", "Listeners LoadBalancerAttributes LoadBalancers"),
                *_of("elasticloadbalancing", "Describe", "TargetGroupAttributes TargetGroups TargetHealth"),
            ),
            resources=("*",),
            wildcard_reason="reads only, and AWS offers no narrower resource for them",
        ),
        Permission(
            sid="NewLoadBalancers",
            actions=_of("elasticloadbalancing", "Create", "LoadBalancer TargetGroup"),
            resources=_resources(_BALANCERS, _GROUPS),
            conditions={"StringEquals": gives_tag},
            wildcard_reason=_REASON,
        ),
        Permission(
            sid="NewListeners",
            actions=("elasticloadbalancing:CreateListener",),
            resources=_resources(_BALANCERS),
            conditions={"StringEquals": {**has_tag, **gives_tag}},
            wildcard_reason=_REASON,
        ),
        # Only in the calls that create something: the tag on an existing one would give access to it.
        Permission(
            sid="TagNew",
            actions=("elasticloadbalancing:AddTags",),
            resources=_resources(_BALANCERS, _LISTENERS, _GROUPS),
            conditions={"StringEquals": {**gives_tag, "elasticloadbalancing:CreateAction": _CREATIONS}},
            wildcard_reason=_REASON,
        ),
        Permission(
            sid="OwnLoadBalancers",
            actions=(
                *_of("elasticloadbalancing", "Delete", "Listener LoadBalancer TargetGroup"),
                *_of("elasticloadbalancing", "Modify", "Listener LoadBalancerAttributes"),
                *_of("elasticloadbalancing", "Modify", "TargetGroup TargetGroupAttributes"),
                *_of("elasticloadbalancing", "", "DeregisterTargets RegisterTargets"),
            ),
            resources=_resources(_BALANCERS, _LISTENERS, _GROUPS),
            conditions={"StringEquals": has_tag},
            wildcard_reason=_REASON,
        ),
        Permission(
            sid="OpenWorkers",
            actions=_of("ec2", "", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress"),
            resources=(arn("ec2", "security-group/*"),),
            conditions={"StringEquals": has_tag},
            wildcard_reason="bound by tag: one security group of the cluster has it, that of its workers",
        ),
    )


def _of(service: str, verb: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{verb}{name}" for name in names.split())


def _resources(*patterns: str) -> tuple[str, ...]:
    return tuple(arn("elasticloadbalancing", pattern) for pattern in patterns)
