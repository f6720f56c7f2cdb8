"""The pods of the cluster's own programs, in the namespace kube-system."""

from dataclasses import dataclass
from typing import Any

from kubequorum_cli.kubernetes.client import Client

_PATH = "/api/v1/namespaces/kube-system/pods"
_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, kw_only=True)
class SystemPod:
    """One that has not ended."""

    name: str
    node: str
    """Empty until it is scheduled."""
    component: str
    """`etcd`, `kube-apiserver`, … of a control plane's static pod; empty for others."""
    ready: bool
    why: str
    """Why it is not ready, as far as the API says so."""


def list_system_pods(client: Client) -> list[SystemPod]:
    """All of them.

    Raises:
        ApiError: the API does not list them.
    """
    return [_pod(item) for item in client.get(_PATH)["items"] if item["status"].get("phase") not in _ENDED]


def _pod(item: dict[str, Any]) -> SystemPod:
    status, labels = item["status"], item["metadata"].get("labels", {})
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    ready = conditions.get("Ready", {}).get("status") == "True"
    return SystemPod(
        name=item["metadata"]["name"],
        node=item["spec"].get("nodeName", ""),
        component=labels.get("component", "") if labels.get("tier") == "control-plane" else "",
        ready=ready,
        why="" if ready else _why(status, conditions),
    )


def _why(status: dict[str, Any], conditions: dict[str, dict[str, Any]]) -> str:
    waiting = [
        container["state"]["waiting"].get("reason", "")
        for container in status.get("containerStatuses", [])
        if "waiting" in container.get("state", {})
    ]
    said = [
        condition["message"]
        for kind in ("PodScheduled", "Ready")
        if (condition := conditions.get(kind, {})).get("status") != "True" and condition.get("message")
    ]
    return ", ".join([*filter(None, waiting), *said]) or str(status.get("phase", "unknown"))
