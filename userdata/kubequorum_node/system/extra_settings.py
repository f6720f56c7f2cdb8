"""Extra settings of kubelet and containerd from the cluster file, written as drop-ins.

An image may have drop-ins in the same folders. Both programs read them in the order of their names.
"""

import json

from kubequorum_node.node import Node

CONTAINERD_FOLDER = "/etc/containerd/conf.d"
KUBELET_FOLDER = "/etc/kubernetes/kubelet.conf.d"
"""https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/#kubelet-conf-d"""
_CONTAINERD_FILE = f"{CONTAINERD_FOLDER}/50-cluster-file.toml"
_KUBELET_FILE = f"{KUBELET_FOLDER}/50-cluster-file.conf"


def install(node: Node) -> bool:
    """Write the drop-ins, and say whether containerd's changed."""
    extra = node.document.extra
    if extra.kubelet:
        header = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
        text = json.dumps({**header, **extra.kubelet}, indent=1, sort_keys=True)
        node.host.write(_KUBELET_FILE, f"{text}\n")
    if extra.containerd:
        return node.host.write(_CONTAINERD_FILE, extra.containerd)
    return False
