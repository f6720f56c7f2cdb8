"""Pods for tests of the network: the image netprobe, which every local machine has."""

from typing import Any

from tests.deploy.deployment import Deployment

NETPROBE = "localhost/kubequorum/netprobe:1"
"""Serves its host name over HTTP, fetches URLs and resolves names."""
PORT = 8080
_ENDED = ("Succeeded", "Failed")


def run_pod(cluster: Deployment, name: str, *arguments: str, node: str, secret: str = "") -> None:
    """Start netprobe in a pod on a node, with a Secret if one is named; wait until it runs or has ended."""
    container: dict[str, Any] = {
        "name": "netprobe",
        "image": NETPROBE,
        "imagePullPolicy": "Never",
        "args": list(arguments),
    }
    spec: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "nodeSelector": {"kubernetes.io/hostname": node},
        "containers": [container],
    }
    if secret:
        container["volumeMounts"] = [{"name": "secret", "mountPath": "/secret"}]
        spec["volumes"] = [{"name": "secret", "secret": {"secretName": secret}}]
    metadata = {"name": name, "labels": {"app": name}}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    cluster.wait_until(lambda: _phase(cluster, name) not in ("", "Pending"), f"pod {name} runs")


def output_of_pod(cluster: Deployment, name: str, *arguments: str, node: str) -> str:
    """Run netprobe to its end in a pod on a node; its output, or AssertionError if it fails."""
    run_pod(cluster, name, *arguments, node=node)
    cluster.wait_until(lambda: _phase(cluster, name) in _ENDED, f"pod {name} ends")
    printed = cluster.kubectl("logs", name)
    assert _phase(cluster, name) == "Succeeded", f"netprobe {' '.join(arguments)} on {node}: {printed}"
    return printed.strip()


def ended_pod(cluster: Deployment, name: str, spec: dict[str, Any], *, namespace: str) -> tuple[bool, str]:
    """Run a pod to its end, anywhere: whether it succeeded, and what it printed."""
    metadata = {"name": name, "namespace": namespace}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def phase() -> str:
        return cluster.kubectl("get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.phase}")

    cluster.wait_until(lambda: phase() in _ENDED, f"pod {name} ends")
    return phase() == "Succeeded", cluster.kubectl("logs", name, "-n", namespace).strip()


def available_deployment(name: str, *, copies: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Deployment whose pods need some seconds to be ready, and a budget that evicts one at a time."""
    labels = {"matchLabels": {"app": name}}
    container = {
        "name": "netprobe",
        "image": NETPROBE,
        "imagePullPolicy": "Never",
        "args": ["serve"],
        "readinessProbe": {
            "httpGet": {"path": "/", "port": PORT},
            "initialDelaySeconds": 5,
            "periodSeconds": 1,
        },
    }
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": copies, "selector": labels, "template": template},
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {"minAvailable": copies - 1, "selector": labels},
    }
    return deployment, budget


def ready_pods(cluster: Deployment, name: str) -> list[str]:
    """The node of each ready pod with this label `app`."""
    return [
        pod["spec"]["nodeName"]
        for pod in cluster.get("pods", "-l", f"app={name}")
        if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))
    ]


def _phase(cluster: Deployment, pod: str) -> str:
    return cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}")
