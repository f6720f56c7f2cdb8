"""cluster-autoscaler: worker groups grow for pods that fit nowhere, and shrink again.

It finds worker groups by the tags that they always have, and changes how many instances they should have,
within the sizes of the cluster file. It runs on masters: it never removes one, so it never removes its own
node, and it can add the first worker of a cluster that has none. Rights are those of its chart's that it uses
(https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler/charts).
"""

from typing import Any

from kubequorum import tags
from kubequorum.addons import workload
from kubequorum.addons.objects import RBAC, arguments, binding, kubernetes_object, restricted
from kubequorum.addons.role import ROLE_ANNOTATION, AddonRole, role_arn
from kubequorum.config import Cluster
from kubequorum.permissions import Permission
from kubequorum.permissions.statement import arn, resource_tags
from kubequorum_node.addon_set import Addon
from kubequorum_node.config import WORKER_GROUP_LABEL

NAME = "cluster-autoscaler"
_LABELS = {"app.kubernetes.io/name": NAME}
_PORT = 8085
_USER = 65532
_READ = ["get", "list", "watch"]
_SEEN = {
    "": (
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "replicationcontrollers",
        "services",
    ),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "batch": ("cronjobs", "jobs"),
    "policy": ("poddisruptionbudgets",),
    "resource.k8s.io": ("deviceclasses", "resourceclaims", "resourceslices"),
    "storage.k8s.io": (
        "csidrivers",
        "csinodes",
        "csistoragecapacities",
        "storageclasses",
        "volumeattachments",
    ),
}
"""What it reads, by API group: it computes where a scheduler would put pods."""


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None unless the cluster file turns it on."""
    settings = cluster.addons.cluster_autoscaler
    if not settings.enabled:
        return None
    replicas = workload.replicas_on_masters(cluster)
    objects = (
        _object("v1", "ServiceAccount", NAME, annotations={ROLE_ANNOTATION: role_arn(cluster, NAME)}),
        *_rights(),
        _deployment(cluster, replicas),
        *workload.disruption_budgets(NAME, _LABELS, replicas=replicas),
    )
    return Addon(name=NAME, version=settings.version, objects=objects)


def role(cluster: Cluster, own_zone_id: str) -> AddonRole | None:
    """What it may do on AWS; None unless the cluster file turns it on.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    del own_zone_id
    if not cluster.addons.cluster_autoscaler.enabled:
        return None
    own = {tags.CLUSTER: cluster.name, **tags.autoscaler(cluster.name)}
    return AddonRole(
        addon=NAME,
        permissions=(
            # Launch templates and images are not among it: each group names its instance types.
            Permission(
                sid="FindOut",
                actions=(
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:DescribeScalingActivities",
                    "ec2:DescribeInstanceTypes",
                ),
                resources=("*",),
                wildcard_reason="reads only, and AWS offers no narrower resource for them",
            ),
            Permission(
                sid="ResizeWorkerGroups",
                actions=("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"),
                resources=(arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/*"),),
                conditions={
                    "StringEquals": resource_tags(own),
                    # Never a master, whatever tags its group gets.
                    "Null": {f"aws:ResourceTag/{tags.SLOT}": "true"},
                },
                wildcard_reason="bound by tag: worker groups have it, and get their names when they are made",
            ),
        ),
    )


def _rights() -> list[dict[str, Any]]:
    """Read what a scheduler reads, taint and drain nodes, write its status, Events and its lease."""
    rules = [
        *({"apiGroups": [group], "resources": list(kinds), "verbs": _READ} for group, kinds in _SEEN.items()),
        {"apiGroups": [""], "resources": ["nodes"], "verbs": [*_READ, "update"]},
        {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    ]
    status = {"apiGroups": [""], "resources": ["configmaps"]}
    leases = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
    own = [
        {**status, "verbs": ["create"]},
        {**status, "resourceNames": [f"{NAME}-status"], "verbs": ["delete", "get", "update"]},
        {**leases, "verbs": ["create"]},
        {**leases, "resourceNames": [NAME], "verbs": ["get", "update"]},
    ]
    return [
        _object(f"{RBAC}/v1", "ClusterRole", NAME, namespaced=False, rules=rules),
        binding("ClusterRoleBinding", NAME, "ClusterRole", NAME, account=NAME, labels=_LABELS),
        _object(f"{RBAC}/v1", "Role", NAME, rules=own),
        binding("RoleBinding", NAME, "Role", NAME, account=NAME, labels=_LABELS),
    ]


def _arguments(cluster: Cluster) -> dict[str, str]:
    found_by = ",".join(tags.autoscaler(cluster.name))
    return {
        "cloud-provider": "aws",
        "node-group-auto-discovery": f"asg:tag={found_by}",
        # Of groups that could all take a pod, the one that wastes least; among alike ones in turn.
        "expander": "least-waste",
        "balance-similar-node-groups": "true",
        # Its nodes' group is no difference between two groups.
        "balancing-ignore-label": WORKER_GROUP_LABEL,
        # CoreDNS and addons with one replica move; otherwise they would keep their workers for ever.
        "skip-nodes-with-system-pods": "false",
        # Pods with an emptyDir move as they do when a worker is replaced.
        "skip-nodes-with-local-storage": "false",
        "address": f":{_PORT}",
    }


def _deployment(cluster: Cluster, replicas: int) -> dict[str, Any]:
    settings = cluster.addons.cluster_autoscaler
    container = {
        "name": NAME,
        "image": workload.image(cluster, settings, f"autoscaling/{NAME}"),
        # Its image has no entrypoint, only a command.
        "command": [f"/{NAME}"],
        "args": arguments(_arguments(cluster), settings.extra_args),
        "ports": [{"name": "http", "containerPort": _PORT, "protocol": "TCP"}],
        "livenessProbe": {**workload.probe("/health-check", port="http"), "initialDelaySeconds": 20},
        "readinessProbe": workload.probe("/health-check", port="http"),
        # Requests that kops has for it.
        "resources": {"requests": {"cpu": "100m", "memory": "300Mi"}},
        "securityContext": restricted(user=_USER),
    }
    pod = {
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        # AWS's names are resolved without CoreDNS, which may itself wait for a worker.
        "dnsPolicy": "Default",
        **workload.on_masters(replicas, _LABELS),
        "containers": [container],
    }
    return workload.deployment(NAME, _LABELS, pod, replicas=replicas)


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return kubernetes_object(api_version, kind, name, labels=_LABELS, **content)
