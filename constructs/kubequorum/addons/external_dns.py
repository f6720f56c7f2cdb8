"""external-dns: names in Route 53 for Services and Ingresses that are annotated with one.

It may change names below one domain and nothing else, which IAM enforces: the cluster's own names, of the API
and of etcd's members, are never below it, which the cluster file's checks see to. Arguments and rights are
those of its own chart (https://github.com/kubernetes-sigs/external-dns/tree/master/charts/external-dns).
"""

from typing import Any

from kubequorum.addons import workload
from kubequorum.addons.objects import (
    CONTROL_PLANE,
    RBAC,
    arguments,
    binding,
    kubernetes_object,
    restricted,
)
from kubequorum.addons.role import ROLE_ANNOTATION, AddonRole, role_arn
from kubequorum.config import Cluster
from kubequorum.config.addons import ExternalDns
from kubequorum.permissions import Permission
from kubequorum.permissions.statement import PARTITION
from kubequorum_node.addon_set import Addon

_NAME = "external-dns"
_LABELS = {"app.kubernetes.io/name": _NAME}
_PORT = 7979
_WATCH = ["get", "list", "watch"]
_CHANGE = "route53:ChangeResourceRecordSets"


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None unless the cluster file turns it on."""
    settings = cluster.addons.external_dns
    if not settings.enabled:
        return None
    annotations = {ROLE_ANNOTATION: role_arn(cluster, _NAME)}
    objects = (
        _object("v1", "ServiceAccount", _NAME, annotations=annotations),
        _object(f"{RBAC}/v1", "ClusterRole", _NAME, namespaced=False, rules=_rules(settings)),
        binding("ClusterRoleBinding", _NAME, "ClusterRole", _NAME, account=_NAME, labels=_LABELS),
        _deployment(cluster),
    )
    return Addon(name=_NAME, version=settings.version, objects=objects)


def role(cluster: Cluster, own_zone_id: str) -> AddonRole | None:
    """What it may do on AWS; None unless the cluster file turns it on."""
    settings = cluster.addons.external_dns
    if not settings.enabled:
        return None
    zone = f"arn:{PARTITION}:route53:::hostedzone/{settings.zone_id or own_zone_id}"
    return AddonRole(
        addon=_NAME,
        permissions=(
            # The names of Services, and the TXT records that say whose they are.
            # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
            Permission(
                sid="NamesBelowDomain",
                actions=(_CHANGE,),
                resources=(zone,),
                conditions={
                    "ForAllValues:StringLike": {
                        f"{_CHANGE}NormalizedRecordNames": [f"{settings.domain}", f"*.{settings.domain}"]
                    },
                    "ForAllValues:StringEquals": {
                        f"{_CHANGE}RecordTypes": ["A", "AAAA", "CNAME", "TXT"],
                        f"{_CHANGE}Actions": ["CREATE", "DELETE", "UPSERT"],
                    },
                    # ForAllValues is also true for a request without the key.
                    "Null": {f"{_CHANGE}NormalizedRecordNames": "false"},
                },
            ),
            # It compares what is with what should be.
            Permission(
                sid="ReadNames",
                actions=("route53:ListResourceRecordSets",),
                resources=(zone,),
            ),
            Permission(
                sid="FindZones",
                actions=("route53:ListHostedZones",),
                resources=("*",),
                wildcard_reason="it asks for the zone's name; the action knows no resources",
            ),
        ),
    )


def _rules(settings: ExternalDns) -> list[dict[str, Any]]:
    rules = [
        {"apiGroups": [""], "resources": ["nodes", "pods", "services"], "verbs": _WATCH},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _WATCH},
    ]
    if "ingress" in settings.sources:
        rules.append({"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _WATCH})
    return rules


def _deployment(cluster: Cluster) -> dict[str, Any]:
    settings = cluster.addons.external_dns
    ours = {
        "provider": "aws",
        "policy": "sync",
        "registry": "txt",
        "txt-owner-id": cluster.name,
        # The record of the owner is below the domain, too, even that of the domain itself.
        "txt-prefix": "%{record_type}-owner.",
        "txt-wildcard-replacement": "any",
        "domain-filter": f"{settings.domain}",
        **_zone(cluster),
        "aws-zones-cache-duration": "1h",
        "interval": "1m",
    }
    container = {
        "name": _NAME,
        "image": workload.image(cluster, settings, f"{_NAME}/{_NAME}"),
        "args": [
            *(f"--source={source}" for source in settings.sources),
            # The domain may be a part of the zone. Changes in the cluster are acted upon at once.
            "--aws-zone-match-parent",
            "--events",
            *arguments(ours, settings.extra_args),
        ],
        "ports": [{"name": "http", "containerPort": _PORT, "protocol": "TCP"}],
        "livenessProbe": {**workload.probe("/healthz", port="http"), "initialDelaySeconds": 10},
        "readinessProbe": workload.probe("/healthz", port="http"),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "securityContext": restricted(user=65532),
    }
    pod = {
        "serviceAccountName": _NAME,
        "priorityClassName": "system-cluster-critical",
        # It reads what anybody may write into a Service: on workers, if there are any.
        "affinity": {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "preference": {
                            "matchExpressions": [{"key": CONTROL_PLANE, "operator": "DoesNotExist"}]
                        },
                    }
                ]
            }
        },
        "tolerations": workload.TOLERATIONS,
        "containers": [container],
    }
    # Two would undo each other's changes.
    return workload.deployment(_NAME, _LABELS, pod, replicas=1, strategy={"type": "Recreate"})


def _zone(cluster: Cluster) -> dict[str, str]:
    """The flag that finds the zone.

    The id of a private zone of ours is not known before the deployment. Others that have the domain, too, it
    would try, and not be allowed to change.
    """
    zone_id = cluster.addons.external_dns.zone_id or cluster.dns.hosted_zone_id
    return {"zone-id-filter": zone_id} if zone_id else {"aws-zone-type": "private"}


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return kubernetes_object(api_version, kind, name, labels=_LABELS, **content)
