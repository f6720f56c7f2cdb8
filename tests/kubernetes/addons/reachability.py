"""Pods that answer, and what they get from each other."""

from typing import Any

from lab.cluster import MachineError
from tests.deploy.deployment import Deployment
from tests.kubernetes.pods import NETPROBE, PORT

TIMED_OUT = "deadline exceeded"
"""In what a pod says whose packets are dropped."""


def pod(name: str, *, node: str, namespace: str = "default", app: str = "") -> dict[str, Any]:
    """A pod that answers with its name, and in which a test can ask."""
    container = {"name": "netprobe", "image": NETPROBE, "imagePullPolicy": "Never", "args": ["serve"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": app or name}},
        "spec": {
            "nodeName": node,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [container],
        },
    }


def service(name: str) -> dict[str, Any]:
    """A Service for pods with this label `app`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": PORT}]},
    }


def policy(name: str, **spec: object) -> dict[str, Any]:
    """A NetworkPolicy of Kubernetes."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def run(cluster: Deployment, *pods: dict[str, Any]) -> None:
    """Start pods, and wait until they are ready."""
    cluster.apply(*pods)
    for each in pods:
        where = ("-n", each["metadata"]["namespace"])
        cluster.kubectl(
            "wait", *where, "--for=condition=Ready", f"pod/{each['metadata']['name']}", "--timeout=60s"
        )


def address_of(cluster: Deployment, pod: str) -> str:
    """The address of a pod."""
    return cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}")


def ask(cluster: Deployment, client: str, host: str, *, namespace: str = "default") -> str:
    """What a pod gets from a host: its answer, or why there is none."""
    command = (
        "exec",
        "-n",
        namespace,
        client,
        "--",
        "/netprobe",
        "get",
        "--timeout",
        "2s",
        f"http://{host}/",
    )
    try:
        return cluster.kubectl(*command, slot="a").strip()
    except MachineError as error:
        return error.why


def is_cut_off(cluster: Deployment, client: str, host: str, *, namespace: str = "default") -> bool:
    """Packets are dropped: neither refused nor answered."""
    return TIMED_OUT in ask(cluster, client, host, namespace=namespace)


def wait_until_cut_off(cluster: Deployment, client: str, host: str, *, namespace: str = "default") -> None:
    """Wait until it is."""
    cluster.wait_until(
        lambda: is_cut_off(cluster, client, host, namespace=namespace),
        f"{client} cannot reach {host}",
        seconds=30,
    )
