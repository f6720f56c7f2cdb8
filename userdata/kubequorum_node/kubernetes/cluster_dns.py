"""CoreDNS in a cluster with several masters: the loss of one host never takes all of it.

kubeadm's Deployment only prefers to spread its two replicas, and the first master applies it while no other
host is Ready: both would run there, and nothing moves them later. Patched as kubeadm offers it:
https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches
"""

import json
import re
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import api_server
from kubequorum_node.node import WORK_FOLDER, Node

_FOLDER = f"{WORK_FOLDER}/patches"
_PATCH = f"{_FOLDER}/corednsdeployment+strategic.json"
_LABELS = {"k8s-app": "kube-dns"}
_CONTROL_PLANE, _CRITICAL = "node-role.kubernetes.io/control-plane", "CriticalAddonsOnly"
TOLERATED = frozenset({_CONTROL_PLANE, _CRITICAL})
"""Taints of hosts, other than their conditions, that keep no replica away."""
_GONE_SECONDS = 30
"""How long a replica stays bound to a host that does not answer: Kubernetes' default is 300 s."""

_IMAGE_OF = (
    "get", "deployment", "coredns", "--namespace=kube-system", "--ignore-not-found",
    "--output=jsonpath={.spec.template.spec.containers[0].image}",
)  # fmt: skip
_ASK_SECONDS = 120.0
_VERSION = re.compile(r"coredns:v(\d+)\.(\d+)\.(\d+)")
"""In the name of an image; not in one with a digest or a tag of somebody's own."""

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


def newer_than_kubeadms(node: Node, config: str) -> str:
    """The version of the cluster's CoreDNS, if kubeadm on this host has an older one; else nothing.

    After a step back to an earlier Kubernetes there is one. kubeadm refuses to touch it, because it knows the
    configuration of no version after its own ("start version … not supported"). It need not: CoreDNS does
    not depend on the version of API servers.

    Args:
        node: this host.
        config: a file with kubeadm's configuration.

    Raises:
        WaitError: the API server does not answer.

    """

    def ask() -> str:
        try:
            return api_server.kubectl(node, *_IMAGE_OF).stdout
        except CommandError as error:
            raise NotYetError(str(error)) from error

    there = _VERSION.search(node.clock.poll("the version of CoreDNS", ask, seconds=_ASK_SECONDS, pause=2.0))
    if there is None:
        return ""
    own = _VERSION.search(Kubeadm(node.host).run("config", "images", "list", f"--config={config}").stdout)
    return ".".join(there.groups()) if own and _numbers(there) > _numbers(own) else ""


def _numbers(version: re.Match[str]) -> list[int]:
    return [int(number) for number in version.groups()]


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
