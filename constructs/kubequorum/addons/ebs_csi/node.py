"""The driver's node plugin: formats and mounts what is attached to a worker."""

from typing import Any

from kubequorum.addons.ebs_csi import containers, names
from kubequorum.addons.objects import CONTROL_PLANE, arguments, kubernetes_object
from kubequorum.config import Cluster

NAME = "ebs-csi-node"
LABELS = {**names.LABELS, "app.kubernetes.io/component": "node"}
_KUBELET = "/var/lib/kubelet"
_PLUGIN = f"{_KUBELET}/plugins/{names.DRIVER}"
_REGISTRAR_PORT = 9809
_SOCKET_VOLUME = "plugin-dir"
_SOCKET = {"name": _SOCKET_VOLUME, "mountPath": "/csi"}
_UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""Of containers that are root only because they use a socket in a folder of the host."""
_HOST_FOLDERS = {
    "kubelet-dir": (_KUBELET, "Directory"),
    _SOCKET_VOLUME: (f"{_PLUGIN}/", "DirectoryOrCreate"),
    "registration-dir": (f"{_KUBELET}/plugins_registry/", "Directory"),
    "device-dir": ("/dev", "Directory"),
}
"""Volume → path on the host, and what must be there."""
_ONLY_ON_WORKERS = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": CONTROL_PLANE, "operator": "DoesNotExist"}]}]
        }
    }
}


def daemon_set(cluster: Cluster) -> dict[str, Any]:
    """A pod on each worker, whatever taints it has."""
    pod = {
        "serviceAccountName": names.NODE_ACCOUNT,
        "priorityClassName": "system-node-critical",
        "affinity": _ONLY_ON_WORKERS,
        "tolerations": [{"operator": "Exists"}],
        "securityContext": {"runAsNonRoot": False, "runAsUser": 0, "runAsGroup": 0},
        "containers": [
            _driver(cluster),
            _registrar(cluster),
            containers.liveness_probe(cluster, _SOCKET_VOLUME, _UNPRIVILEGED),
        ],
        "volumes": [
            *(
                {"name": name, "hostPath": {"path": path, "type": kind}}
                for name, (path, kind) in _HOST_FOLDERS.items()
            ),
            {"name": "probe-dir", "emptyDir": {}},
        ],
    }
    spec = {
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": LABELS},
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "template": {"metadata": {"labels": LABELS}, "spec": pod},
    }
    return kubernetes_object("apps/v1", "DaemonSet", NAME, labels=LABELS, spec=spec)


def _driver(cluster: Cluster) -> dict[str, Any]:
    flags = {
        "endpoint": "unix:/csi/csi.sock",
        "csi-mount-point-prefix": f"{_KUBELET}/plugins/kubernetes.io/csi/{names.DRIVER}/",
        # Instance, type and zone are those of the Node: no pod reaches the metadata service.
        "metadata-sources": "kubernetes",
        # The root volume: a worker has no other.
        "reserved-volume-attachments": "1",
        "v": "2",
    }
    return {
        "name": "ebs-plugin",
        "image": containers.driver_image(cluster),
        "args": ["node", *arguments(flags, {})],
        "env": [
            {"name": "CSI_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            containers.NO_METADATA,
            # There is no taint that it would have to remove, so it need not write Nodes.
            {"name": "DISABLE_TAINT_WATCHER", "value": "true"},
        ],
        **containers.probed(timeout_seconds=3),
        # When its node is drained it goes on until the node's volumes are detached.
        "lifecycle": {"preStop": {"exec": {"command": ["/bin/aws-ebs-csi-driver", "pre-stop-hook"]}}},
        "resources": containers.PLUGIN_RESOURCES,
        # It formats and mounts devices of the host.
        "securityContext": {"privileged": True, "readOnlyRootFilesystem": True},
        "volumeMounts": [
            {"name": "kubelet-dir", "mountPath": _KUBELET, "mountPropagation": "Bidirectional"},
            _SOCKET,
            {"name": "device-dir", "mountPath": "/dev"},
        ],
    }


def _registrar(cluster: Cluster) -> dict[str, Any]:
    """The container that tells the kubelet of the driver."""
    flags = {
        "csi-address": "/csi/csi.sock",
        "kubelet-registration-path": f"{_PLUGIN}/csi.sock",
        "http-endpoint": f"0.0.0.0:{_REGISTRAR_PORT}",
        "v": "2",
    }
    health = {"httpGet": {"path": "/healthz", "port": "healthz-ndr"}}
    return {
        "name": "node-driver-registrar",
        "image": containers.helper_image(cluster, "csi-node-driver-registrar"),
        "args": arguments(flags, {}),
        "ports": [{"name": "healthz-ndr", "containerPort": _REGISTRAR_PORT, "protocol": "TCP"}],
        "livenessProbe": {**health, "initialDelaySeconds": 30, "periodSeconds": 90, "timeoutSeconds": 15},
        "resources": containers.HELPER_RESOURCES,
        "securityContext": _UNPRIVILEGED,
        "volumeMounts": [
            _SOCKET,
            {"name": "registration-dir", "mountPath": "/registration"},
            # Where it notes that the kubelet has taken it, for its own check.
            {"name": "probe-dir", "mountPath": _PLUGIN},
        ],
    }
