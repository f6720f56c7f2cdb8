"""metrics-server: what `kubectl top` and the HorizontalPodAutoscaler read from.

It runs on masters: their number is known, they are there before any worker, and no worker needs to reach the
kubelets of others. Arguments, probes and rights are those of its own manifests
(https://github.com/kubernetes-sigs/metrics-server/tree/master/manifests).
"""

from collections.abc import Mapping
from typing import Any

from kubequorum.addons import workload
from kubequorum.addons.objects import NAMESPACE, RBAC, arguments, binding, kubernetes_object, restricted
from kubequorum.config import Cluster
from kubequorum_node.addon_set import Addon

_NAME = "metrics-server"
_LABELS = {"k8s-app": _NAME}
_PORT = 10250
_READ = ["get", "list", "watch"]
_ARGUMENTS = {
    "cert-dir": "/tmp",  # noqa: S108 - an emptyDir of the container
    "secure-port": str(_PORT),
    "kubelet-preferred-address-types": "InternalIP",
    "kubelet-use-node-status-port": "true",
    # The cluster signs kubelets' serving certificates, see docs/decisions/node-certificates.md.
    "kubelet-certificate-authority": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    "metric-resolution": "15s",
}


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None if the cluster file turns it off."""
    settings = cluster.addons.metrics_server
    if not settings.enabled:
        return None
    replicas = workload.replicas_on_masters(cluster)
    objects = (
        *_rights(),
        _service(),
        _deployment(cluster, replicas),
        _api_service(),
        *workload.disruption_budgets(_NAME, _LABELS, replicas=replicas),
    )
    return Addon(name=_NAME, version=settings.version, objects=objects)


def _rights() -> list[dict[str, Any]]:
    """It reads metrics of kubelets; whoever may view a namespace may read the metrics of its pods."""
    aggregated = {f"{RBAC}/aggregate-to-{role}": "true" for role in ("admin", "edit", "view")}
    return [
        _object("v1", "ServiceAccount", _NAME),
        _object(
            f"{RBAC}/v1",
            "ClusterRole",
            "system:aggregated-metrics-reader",
            namespaced=False,
            labels=aggregated,
            rules=[{"apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": _READ}],
        ),
        _object(
            f"{RBAC}/v1",
            "ClusterRole",
            f"system:{_NAME}",
            namespaced=False,
            rules=[
                {"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]},
                {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": _READ},
            ],
        ),
        _binding("ClusterRoleBinding", f"system:{_NAME}", "ClusterRole", f"system:{_NAME}"),
        # It asks the API server who a client is and what that may do.
        _binding(
            "ClusterRoleBinding", f"{_NAME}:system:auth-delegator", "ClusterRole", "system:auth-delegator"
        ),
        _binding("RoleBinding", f"{_NAME}-auth-reader", "Role", "extension-apiserver-authentication-reader"),
    ]


def _binding(kind: str, name: str, role_kind: str, role: str) -> dict[str, Any]:
    return binding(kind, name, role_kind, role, account=_NAME, labels=_LABELS)


def _service() -> dict[str, Any]:
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": "https", "appProtocol": "https"}
    return _object("v1", "Service", _NAME, spec={"selector": _LABELS, "ports": [port]})


def _deployment(cluster: Cluster, replicas: int) -> dict[str, Any]:
    settings = cluster.addons.metrics_server
    container = {
        "name": _NAME,
        "image": workload.image(cluster, settings, f"{_NAME}/{_NAME}"),
        "args": arguments(_ARGUMENTS, settings.extra_args),
        "ports": [{"name": "https", "containerPort": _PORT, "protocol": "TCP"}],
        "livenessProbe": workload.probe("/livez"),
        # It is ready when it has looked twice.
        "readinessProbe": {**workload.probe("/readyz"), "initialDelaySeconds": 5, "periodSeconds": 5},
        # What it needs for 100 nodes, by its documentation.
        "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}},
        "securityContext": restricted(user=1000),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - an emptyDir
    }
    pod = {
        "serviceAccountName": _NAME,
        "priorityClassName": "system-cluster-critical",
        **workload.on_masters(replicas, _LABELS),
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return workload.deployment(_NAME, _LABELS, pod, replicas=replicas)


def _api_service() -> dict[str, Any]:
    return _object(
        "apiregistration.k8s.io/v1",
        "APIService",
        "v1beta1.metrics.k8s.io",
        namespaced=False,
        spec={
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": _NAME, "namespace": NAMESPACE, "port": 443},
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            # Its serving certificate is its own; the API server reaches it through the pod network only.
            "insecureSkipTLSVerify": True,
        },
    )


def _object(
    api_version: str,
    kind: str,
    name: str,
    *,
    namespaced: bool = True,
    labels: Mapping[str, str] | None = None,
    **content: Any,
) -> dict[str, Any]:
    labels = {**_LABELS, **(labels or {})}
    return kubernetes_object(api_version, kind, name, labels=labels, namespaced=namespaced, **content)
