"""calico-node on every node: it installs the CNI plugin, makes routes and tunnel, and enforces policies."""

import hashlib
from typing import Any

from kubequorum.addons.calico.names import CNI_PLUGIN, CONFIG, NODE, calico_object, image, labels_of
from kubequorum.addons.calico.settings import CNI_KEY, cni_config
from kubequorum.config import Cluster

_CNI_CONFIG_FOLDER, _CNI_PROGRAMS = "/etc/cni/net.d", "/opt/cni/bin"
_OTHERS_IN_IMAGE = ("bandwidth", "bridge", "flannel", "host-local", "loopback", "portmap", "tuning")
"""The host has those that are needed, in the version of the lock file."""
_PROGRAM = f"/bin/{NODE}"
_HOST_PATHS = {
    "lib-modules": ("/lib/modules", ""),
    "xtables-lock": ("/run/xtables.lock", "FileOrCreate"),
    "var-run-calico": ("/var/run/calico", "DirectoryOrCreate"),
    "var-lib-calico": ("/var/lib/calico", "DirectoryOrCreate"),
    "cni-net-dir": (_CNI_CONFIG_FOLDER, "DirectoryOrCreate"),
    "cni-bin-dir": (_CNI_PROGRAMS, "DirectoryOrCreate"),
}


def daemon_set(cluster: Cluster) -> dict[str, Any]:
    """The DaemonSet. Its pods start before there is a pod network, on nodes with whatever taint."""
    labels = labels_of(NODE)
    pod = {
        "serviceAccountName": NODE,
        "priorityClassName": "system-node-critical",
        "hostNetwork": True,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [
            {"operator": "Exists", "effect": "NoSchedule"},
            {"operator": "Exists", "effect": "NoExecute"},
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
        ],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        # The kernel keeps its routes and rules; a successor should not have to wait.
        "terminationGracePeriodSeconds": 0,
        "initContainers": [_installer(cluster)],
        "containers": [_container(cluster)],
        "volumes": [
            {"name": name, "hostPath": {"path": path, **({"type": kind} if kind else {})}}
            for name, (path, kind) in _HOST_PATHS.items()
        ],
    }
    # The installer reads its template when it starts.
    annotations = {"kubequorum/config-sha256": hashlib.sha256(cni_config().encode()).hexdigest()}
    return calico_object(
        "apps/v1",
        "DaemonSet",
        NODE,
        spec={
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod},
        },
    )


def _installer(cluster: Cluster) -> dict[str, Any]:
    """Copies the CNI plugin to the host and writes its configuration: from then on the node is Ready."""
    return {
        "name": "install-cni",
        "image": image(cluster, "cni"),
        "command": [f"{_CNI_PROGRAMS}/install"],
        "env": [
            {"name": "CNI_CONF_NAME", "value": "10-calico.conflist"},
            {
                "name": "CNI_NETWORK_CONFIG",
                "valueFrom": {"configMapKeyRef": {"name": CONFIG, "key": CNI_KEY}},
            },
            _node_name("KUBERNETES_NODE_NAME"),
            {"name": "SKIP_CNI_BINARIES", "value": ",".join(_OTHERS_IN_IMAGE)},
            {"name": "SLEEP", "value": "false"},
        ],
        # It writes into folders of root's, and needs nothing else.
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "cni-bin-dir", "mountPath": f"/host{_CNI_PROGRAMS}"},
            {"name": "cni-net-dir", "mountPath": f"/host{_CNI_CONFIG_FOLDER}"},
        ],
    }


def _container(cluster: Cluster) -> dict[str, Any]:
    environment = {
        "DATASTORE_TYPE": "kubernetes",
        "WAIT_FOR_DATASTORE": "true",
        "CALICO_NETWORKING_BACKEND": "vxlan",
        "CALICO_CNI_SERVICE_ACCOUNT": CNI_PLUGIN,
        "CLUSTER_TYPE": "k8s",
        # The node's address is the one in its Node, whatever other interfaces the host has.
        "IP": "autodetect",
        "IP_AUTODETECTION_METHOD": "kubernetes-internal-ip",
        # The pool is an object of ours.
        "NO_DEFAULT_POOLS": "true",
        "CALICO_DISABLE_FILE_LOGGING": "true",
        # Pods reach programs of their host unless a policy says otherwise.
        "FELIX_DEFAULTENDPOINTTOHOSTACTION": "ACCEPT",
        "FELIX_HEALTHENABLED": "true",
        "FELIX_IPV6SUPPORT": "false",
    }
    return {
        "name": NODE,
        "image": image(cluster, "node"),
        "env": [
            _node_name("NODENAME"),
            *({"name": name, "value": value} for name, value in environment.items()),
        ],
        # It changes routes, rules and settings of the host's kernel.
        "securityContext": {"privileged": True},
        "resources": {"requests": {"cpu": "250m"}},
        # Until its successor is there, no new pods come to this node.
        "lifecycle": {"preStop": {"exec": {"command": [_PROGRAM, "-shutdown"]}}},
        "livenessProbe": {**_probe("-felix-live"), "initialDelaySeconds": 10, "failureThreshold": 6},
        "readinessProbe": _probe("-felix-ready"),
        "volumeMounts": [
            {"name": "lib-modules", "mountPath": "/lib/modules", "readOnly": True},
            {"name": "xtables-lock", "mountPath": "/run/xtables.lock"},
            {"name": "var-run-calico", "mountPath": "/var/run/calico"},
            {"name": "var-lib-calico", "mountPath": "/var/lib/calico"},
            # It renews the plugin's token there.
            {"name": "cni-net-dir", "mountPath": f"/host{_CNI_CONFIG_FOLDER}"},
        ],
    }


def _node_name(variable: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}


def _probe(question: str) -> dict[str, Any]:
    return {"exec": {"command": [_PROGRAM, question]}, "periodSeconds": 10, "timeoutSeconds": 10}
