"""CoreDNS in a cluster with several masters: the loss of one host never takes all of it.

kubeadm's Deployment only prefers to spread its two replicas, and the first master applies it while no other
host is Ready: both would run there, and nothing moves them later. Patched as kubeadm offers it:
https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches
"""

import json
from typing import Any

from kubequorum_node.node import WORK_FOLDER, Node

_FOLDER = f"{WORK_FOLDER}/patches"
_PATCH = f"{_FOLDER}/corednsdeployment+strategic.json"
_LABELS = {"k8s-app": "kube-dns"}
_CONTROL_PLANE, _CRITICAL = "node-role.kubernetes.io/control-plane", "CriticalAddonsOnly"
TOLERATED = frozenset({_CONTROL_PLANE, _CRITICAL})
"""Taints of hosts, other than their conditions, that keep no replica away."""
_GONE_SECONDS = 30
"""How long a replica stays bound to a host that does not answer: Kubernetes' default is 300 s."""

Object = dict[str, Any]


def write_patches(node: Node) -> str:
    """Write what is to be patched in kubeadm's addons; the folder, or nothing if there is no patch."""
    if not _is_spread(node):
        return ""
    node.host.write(_PATCH, json.dumps(deployment_patch(), indent=2), mode=0o600)
    return _FOLDER


def objects(node: Node) -> list[Object]:
    """What stands beside kubeadm's objects."""
    return [disruption_budget()] if _is_spread(node) else []


def deployment_patch() -> Object:
    """Replicas on different hosts, if possible in different zones; soon elsewhere when a host is gone."""
    selector = {"labelSelector": {"matchLabels": _LABELS}}
    pod = {
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {**selector, "topologyKey": "kubernetes.io/hostname"}
                ],
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {**selector, "topologyKey": "topology.kubernetes.io/zone"},
                    }
                ],
            }
        },
        # A patch replaces the list: the first two are kubeadm's own.
        "tolerations": [
            {"key": _CRITICAL, "operator": "Exists"},
            {"key": _CONTROL_PLANE, "effect": "NoSchedule"},
            *(
                {
                    "key": f"node.kubernetes.io/{condition}",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": _GONE_SECONDS,
                }
                for condition in ("not-ready", "unreachable")
            ),
        ],
    }
    return {"spec": {"template": {"spec": pod}}}


def disruption_budget() -> Object:
    """Drains of two hosts at once evict one replica after the other."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _LABELS}},
    }


def _is_spread(node: Node) -> bool:
    """A cluster with one master may have one host only, where the second replica would find no place."""
    return len(node.etcd_spec.slots) > 1
