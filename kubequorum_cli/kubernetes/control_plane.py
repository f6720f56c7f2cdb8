"""What runs on the nodes, as the Kubernetes API lists it: the control plane's parts, who leads, pods."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubequorum_cli.kubernetes.access import Access
from kubequorum_cli.kubernetes.client import ApiError, Client
from kubequorum_cli.kubernetes.pods import list_system_pods

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/"
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Of each master; each needs those before it."""
_ELECTED = ("kube-controller-manager", "kube-scheduler")
_PODS = "/api/v1/pods?includeObject=None"
_AS_TABLE = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
"""A line for each pod instead of the pod
(https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables)."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the control plane on one node, as etcd or kube-apiserver."""

    name: str
    node: str
    ready: bool


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """All parts and the number of pods on each node, or why they cannot be listed."""

    parts: list[Part] = field(default_factory=list)
    leaders: dict[str, str] = field(default_factory=dict)
    """A part of which one leads, while its peers wait → the name of the leader's host: not of its node."""
    pods: dict[str, int] = field(default_factory=dict)
    """Node to the number of its pods that run."""
    problem: str = ""


def look_at_control_plane(access: Access) -> ControlPlane:
    """Ask once."""
    client = Client(access)
    try:
        pods = [pod for pod in list_system_pods(client) if pod.component and pod.node]
        leaders = {name: _holder(client, name) for name in _ELECTED}
        table = client.get(_PODS, _AS_TABLE)
    except ApiError as error:
        return ControlPlane(problem=str(error))
    parts = [Part(name=pod.component, node=pod.node, ready=pod.ready) for pod in pods]
    return ControlPlane(
        parts=sorted(parts, key=lambda part: (part.node, part.name)),
        leaders={name: host for name, host in leaders.items() if host},
        pods=dict(_running_by_node(table)),
    )


def _holder(client: Client, name: str) -> str:
    """The name of the host on which a component leads; empty if none does."""
    try:
        lease = client.get(f"{_LEASES}{name}")
    except ApiError:
        return ""
    # The host's name and a random part: kube-scheduler and kube-controller-manager make it so.
    return str(lease["spec"].get("holderIdentity") or "").partition("_")[0]


def _running_by_node(table: Mapping[str, Any]) -> Counter[str]:
    columns = [column["name"] for column in table["columnDefinitions"]]
    node, status = columns.index("Node"), columns.index("Status")
    return Counter(row["cells"][node] for row in table["rows"] if row["cells"][status] == "Running")
