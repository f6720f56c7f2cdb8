"""Extra settings of the kubelet from the cluster file, as a drop-in of its configuration.

An image may have drop-ins in the same folder. The kubelet reads them in the order of their names.
"""

import json

from kubequorum_node.node import Node

FOLDER = "/etc/kubernetes/kubelet.conf.d"
"""https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/#kubelet-conf-d"""
_FILE = f"{FOLDER}/50-cluster-file.conf"


def install(node: Node) -> None:
    """Write the drop-in, and make its folder, which the kubelet requires."""
    node.host.path(FOLDER).mkdir(parents=True, exist_ok=True)
    if settings := node.document.extra.kubelet:
        header = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
        text = json.dumps({**header, **settings}, indent=1, sort_keys=True)
        node.host.write(_FILE, f"{text}\n")
