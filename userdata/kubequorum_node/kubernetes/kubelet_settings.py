"""Settings of this host's kubelet: what is reserved by the host's size, the cluster file's, and registries.

They are drop-ins, but for registries. An image may have drop-ins in the same folder. The kubelet reads them
in the order of their names.
"""

import json
import os
from typing import Any

from kubequorum_node import image_credentials, proxy, settings
from kubequorum_node.host import Size
from kubequorum_node.node import Node

FOLDER = "/etc/kubernetes/kubelet.conf.d"
"""https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/#kubelet-conf-d"""
_RESERVED = f"{FOLDER}/40-reserved.conf"
_FILE = f"{FOLDER}/50-cluster-file.conf"
_HEADER = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}

_BASE_MIB, _POD_MIB = 255, 11
"""What kubelet and container runtime need: at all, and for each pod (Amazon EKS' values,
https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html)."""
_LARGEST_SHARE = 4
"""But never more than a quarter of a small host."""
_SYSTEM = {"cpu": "100m", "memory": "128Mi"}
"""For systemd, journald, the clock and the node program."""
_CORES = ((1, 60.0), (1, 10.0), (2, 5.0))
"""Thousandths of a core for each of so many cores, and of each further one (also Amazon EKS' values)."""
_FURTHER_CORE = 2.5


def install(node: Node) -> None:
    """Write all of them, and make the drop-ins' folder, which the kubelet requires."""
    node.host.path(FOLDER).mkdir(parents=True, exist_ok=True)
    kube = reserved(node.host.size(), pods=node.document.pods_per_node)
    _write(node, _RESERVED, {"kubeReserved": kube, "systemReserved": _SYSTEM})
    if extra := node.document.extra.kubelet:
        _write(node, _FILE, extra)
    if node.document.private_registries:
        endpoint = settings.aws_endpoint()
        variables = {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
        variables |= proxy.variables(node.document, os.environ)
        node.host.write(image_credentials.CONFIG, image_credentials.config(node.document, variables))


def reserved(size: Size, *, pods: int) -> dict[str, str]:
    """What is kept from pods for kubelet and container runtime, as quantities of Kubernetes.

    Args:
        size: of the host.
        pods: how many there may be.

    """
    memory = min(_BASE_MIB + _POD_MIB * pods, size.memory_mib // _LARGEST_SHARE)
    left, thousandths = size.cores, 0.0
    for count, each in _CORES:
        thousandths += each * min(count, left)
        left -= min(count, left)
    thousandths += _FURTHER_CORE * left
    return {"cpu": f"{round(thousandths)}m", "memory": f"{memory}Mi"}


def _write(node: Node, path: str, values: dict[str, Any]) -> None:
    text = json.dumps({**_HEADER, **values}, indent=1, sort_keys=True)
    node.host.write(path, f"{text}\n")
