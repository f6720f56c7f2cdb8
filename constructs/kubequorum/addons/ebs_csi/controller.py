"""The driver's controller: creates, attaches, resizes and deletes volumes. It runs on masters."""

from typing import Any

from kubequorum import tags
from kubequorum.addons import workload
from kubequorum.addons.ebs_csi import containers, names
from kubequorum.addons.objects import arguments, restricted
from kubequorum.config import Cluster

NAME = "ebs-csi-controller"
LABELS = {**names.LABELS, "app.kubernetes.io/component": "controller"}
_USER = 1000
_FOLDER = "/var/lib/csi/sockets/pluginproxy"
_VOLUME = "socket-dir"
_HELPERS: dict[str, dict[str, str]] = {
    "csi-provisioner": {
        "timeout": "60s",
        "feature-gates": "Topology=true",
        "extra-create-metadata": "true",
        "default-fstype": "ext4",
        "worker-threads": "100",
        "retry-interval-max": "30m",
    },
    "csi-attacher": {"timeout": "6m", "worker-threads": "100", "retry-interval-max": "5m"},
    "csi-resizer": {
        "timeout": "60s",
        "handle-volume-inuse-error": "false",
        "workers": "100",
        "retry-interval-max": "30m",
    },
}
"""Containers that watch the API and ask the driver, with their flags. A snapshotter is not among them."""
_ALL_HELPERS = {
    "csi-address": f"{_FOLDER}/csi.sock",
    "leader-election": "true",
    "kube-api-qps": "20",
    "kube-api-burst": "100",
    "v": "2",
}


def deployment(cluster: Cluster, replicas: int) -> dict[str, Any]:
    """The controller's Deployment."""
    security = restricted(user=_USER)
    alike = {
        "resources": containers.PLUGIN_RESOURCES,
        "securityContext": security,
        "volumeMounts": [{"name": _VOLUME, "mountPath": _FOLDER}],
    }
    helpers = [
        {
            "name": name,
            "image": containers.helper_image(cluster, name),
            "args": arguments({**_ALL_HELPERS, **flags}, {}),
            **alike,
        }
        for name, flags in _HELPERS.items()
    ]
    driver = {
        "name": "ebs-plugin",
        "image": containers.driver_image(cluster),
        "args": ["controller", *arguments(_flags(cluster), cluster.addons.ebs_csi.extra_args)],
        "env": [containers.NO_METADATA],
        **containers.probed(timeout_seconds=60),
        **alike,
    }
    pod = {
        "serviceAccountName": names.NAME,
        "priorityClassName": "system-cluster-critical",
        # AWS's names are resolved without CoreDNS.
        "dnsPolicy": "Default",
        **workload.on_masters(replicas, LABELS),
        "containers": [
            driver,
            *helpers,
            containers.liveness_probe(cluster, _VOLUME, security, **{"probe-timeout": "60s"}),
        ],
        "volumes": [{"name": _VOLUME, "emptyDir": {}}],
    }
    return workload.deployment(NAME, LABELS, pod, replicas=replicas)


def _flags(cluster: Cluster) -> dict[str, str]:
    """Of the driver itself.

    Volumes have the tags of all other resources of the cluster, and that by which its role knows them.
    """
    return {
        "endpoint": f"unix://{_FOLDER}/csi.sock",
        "k8s-tag-cluster-id": cluster.name,
        "extra-tags": ",".join(f"{k}={v}" for k, v in {tags.CLUSTER: cluster.name, **cluster.tags}.items()),
        "batching": "true",
        "v": "2",
    }
