"""calico-kube-controllers: it gives back the addresses of nodes and pods that are gone."""

from typing import Any

from kubequorum.addons import workload
from kubequorum.addons.calico.names import CONTROLLERS, image, labels_of
from kubequorum.addons.objects import restricted
from kubequorum.config import Cluster

_USER = 999
"""That of upstream's image."""
_CHECK = "/usr/bin/check-status"


def deployment(cluster: Cluster) -> dict[str, Any]:
    """The Deployment: one pod on a master. While it is away no address is given back, and nothing else."""
    labels = labels_of(CONTROLLERS)
    container = {
        "name": CONTROLLERS,
        "image": image(cluster, "kube-controllers"),
        "env": [
            {"name": "DATASTORE_TYPE", "value": "kubernetes"},
            # Not the one for addresses of load balancers: Services get theirs from AWS.
            {"name": "ENABLED_CONTROLLERS", "value": "node"},
        ],
        "livenessProbe": {**_probe("-l"), "initialDelaySeconds": 10, "failureThreshold": 6},
        "readinessProbe": _probe("-r"),
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": restricted(user=_USER),
        "volumeMounts": [
            {"name": "status", "mountPath": "/status"},
            {"name": "profiles", "mountPath": "/profiles"},
        ],
    }
    pod = {
        "serviceAccountName": CONTROLLERS,
        "priorityClassName": "system-cluster-critical",
        **workload.on_masters(1, labels),
        "containers": [container],
        "volumes": [{"name": name, "emptyDir": {}} for name in ("status", "profiles")],
    }
    return workload.deployment(CONTROLLERS, labels, pod, replicas=1, strategy={"type": "Recreate"})


def _probe(question: str) -> dict[str, Any]:
    return {"exec": {"command": [_CHECK, question]}, "periodSeconds": 10, "timeoutSeconds": 10}
