"""Headlamp: a dashboard that shows each person what their own token may see.

It has no rights and no token of its own, and is reached through the API server alone (`kubequorum
dashboard`): nothing of it listens outside the pod network. It runs on masters, because tokens of people pass
through it. Arguments and probes are those of its own chart
(https://github.com/kubernetes-sigs/headlamp/tree/main/charts/headlamp).
"""

from typing import Any

from kubequorum.addons import workload
from kubequorum.addons.objects import arguments, kubernetes_object, restricted
from kubequorum.config import Cluster
from kubequorum_node.addon_set import Addon

NAME = "headlamp"
_LABELS = {"app.kubernetes.io/name": NAME}
_REGISTRY = "ghcr.io"
_PORT = 4466
_USER = 100
_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
_SESSION_SECONDS = 3600


def addon(cluster: Cluster) -> Addon | None:
    """The addon; None unless the cluster file turns it on."""
    settings = cluster.addons.headlamp
    if not settings.enabled:
        return None
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}
    objects = (
        _object("v1", "ServiceAccount", NAME, automountServiceAccountToken=False),
        _object("v1", "Service", NAME, spec={"selector": _LABELS, "ports": [port]}),
        _deployment(cluster),
    )
    return Addon(name=NAME, version=settings.version, objects=objects)


def _deployment(cluster: Cluster) -> dict[str, Any]:
    settings = cluster.addons.headlamp
    ours = {
        "in-cluster": "true",
        "in-cluster-context-name": cluster.name,
        "plugins-dir": "/headlamp/plugins",
        "watch-plugins-changes": "false",
        # Longer than that a person's token is kept by nobody.
        "session-ttl": str(_SESSION_SECONDS),
    }
    container = {
        "name": NAME,
        "image": workload.image(cluster, settings, f"headlamp-k8s/{NAME}", registry=_REGISTRY),
        "args": arguments(ours, settings.extra_args),
        "ports": [{"name": "http", "containerPort": _PORT, "protocol": "TCP"}],
        "livenessProbe": {**workload.probe("/", port="http"), "initialDelaySeconds": 10},
        "readinessProbe": workload.probe("/", port="http"),
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "securityContext": restricted(user=_USER),
        "volumeMounts": [
            {"name": "cluster", "mountPath": _ACCOUNT_FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir
        ],
    }
    pod = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        **workload.on_masters(1, _LABELS),
        "containers": [container],
        "volumes": [_cluster_volume(), {"name": "tmp", "emptyDir": {}}],
    }
    return workload.deployment(NAME, _LABELS, pod, replicas=1)


def _cluster_volume() -> dict[str, Any]:
    """The CA of the API server, and a file in place of a token.

    Programs in pods look there for the cluster, and only if there is a token, too. This one sends the tokens
    of people and never that of its pod, so any text will do.
    https://github.com/kubernetes/client-go/blob/master/rest/config.go
    """
    ca = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    no_token = {"items": [{"path": "token", "fieldRef": {"fieldPath": "metadata.name"}}]}
    return {"name": "cluster", "projected": {"sources": [{"configMap": ca}, {"downwardAPI": no_token}]}}


def _object(api_version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return kubernetes_object(api_version, kind, name, labels=_LABELS, **content)
