"""CoreDNS grows and shrinks with the cluster.

kubeadm makes two replicas, whatever comes later, and leaves a number that it finds. The rule is that of
Kubernetes' own autoscaler for DNS, with its recommended parameters:
https://kubernetes.io/docs/tasks/administer-cluster/dns-horizontal-autoscaling/
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from kubequorum_node.kubernetes import cluster_dns
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_NODES_PER_REPLICA, _CORES_PER_REPLICA = 16, 256
_MINIMUM = 2
"""The loss of one must not be that of DNS (`preventSinglePointFailure`)."""
_DEPLOYMENT = ("deployment", "coredns", "--namespace=kube-system")
MANUAL = "kubequorum/manual-replicas"
"""Annotation of the Deployment: its number of replicas is a person's."""

Object = Mapping[str, Any]


def scale(node: Node) -> None:
    """Give CoreDNS as many replicas as the cluster's size asks for; any master does, whenever it looks.

    Raises:
        CommandError: the API server does not answer, or refuses.

    """
    found = kubectl(node, "get", *_DEPLOYMENT, "--ignore-not-found", "--output=json").stdout
    if not found.strip():
        info("there is no Deployment coredns: DNS is somebody else's")
        return
    deployment = json.loads(found)
    if MANUAL in deployment["metadata"].get("annotations", {}):
        return
    nodes = json.loads(kubectl(node, "get", "nodes", "--output=json").stdout)["items"]
    wanted, now = replicas(nodes), int(deployment["spec"]["replicas"])
    if wanted == now:
        return
    info(f"coredns: {wanted} replicas instead of {now}, for {len(nodes)} nodes")
    # Only from the number that was seen: another master, or a person, may have changed it meanwhile.
    kubectl(node, "scale", *_DEPLOYMENT, f"--replicas={wanted}", f"--current-replicas={now}")


def replicas(nodes: Sequence[Object]) -> int:
    """How many replicas a cluster of these Nodes needs: at least one, and no more than find a place."""
    cores = sum(_cores(each) for each in nodes)
    needed = max(math.ceil(len(nodes) / _NODES_PER_REPLICA), math.ceil(cores / _CORES_PER_REPLICA), _MINIMUM)
    # No two of them are on one host. Those that find none would make an autoscaler launch hosts for them.
    places = sum(1 for each in nodes if _has_place(each))
    return max(1, min(needed, places))


def _has_place(node: Object) -> bool:
    """Whether the scheduler may place a replica there; a host that is silent for a moment counts."""
    spec = node.get("spec", {})
    taints = {
        taint["key"]
        for taint in spec.get("taints", [])
        if taint["effect"] != "PreferNoSchedule" and not taint["key"].startswith("node.kubernetes.io/")
    }
    return not spec.get("unschedulable") and taints <= cluster_dns.TOLERATED


def _cores(node: Object) -> float:
    """A Node's processors; what cannot be read counts as none."""
    text = str(node.get("status", {}).get("capacity", {}).get("cpu", "0"))
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        warning(f"node {node['metadata']['name']} has a capacity of {text!r} processors: it counts as none")
        return 0.0
