"""The cluster's nodes, as `kubectl get nodes` lists them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubequorum_cli.console import Stage
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.kubernetes.access import Access
from kubequorum_cli.kubernetes.client import ApiError, Client
from kubequorum_cli.waiting import SETTLE_SECONDS, wait_until_complete

_ROLE = "node-role.kubernetes.io/"
_SLOT = "kubequorum/slot"
_WORKER_GROUP = "kubequorum/worker-group"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node; `status --json` prints it with these field names."""

    name: str
    ready: bool
    roles: list[str]
    version: str
    address: str
    zone: str
    slot: str
    """Empty for a worker."""
    worker_group: str
    """Empty for a master."""


@dataclass(frozen=True, kw_only=True)
class NodeList:
    """All nodes, or why they cannot be listed."""

    nodes: list[Node] = field(default_factory=list)
    problem: str = ""


def list_nodes(client: Client) -> list[Node]:
    """All nodes, masters first.

    Raises:
        ApiError: the API does not list them.
    """
    items = client.get("/api/v1/nodes")["items"]
    return sorted(map(_node, items), key=lambda node: (not node.roles, node.zone))


def look(access: Access) -> NodeList:
    """List the nodes once."""
    try:
        return NodeList(nodes=list_nodes(Client(access)))
    except ApiError as error:
        return NodeList(problem=str(error))


def wait_for_nodes(ask: Callable[[], NodeList], instances: set[str], stage: Stage) -> None:
    """Wait until each instance has a node, and all of these nodes are Ready.

    `ask` is polled; it may raise CommandError as long as no credentials are published. Other nodes do not
    count: stale Node objects of terminated instances stay for a while.

    Raises:
        CommandError: not in time; with what is missing.
    """
    wait_until_complete(
        lambda: _missing(ask, instances),
        stage,
        seconds=SETTLE_SECONDS,
        what="not every node is Ready",
        remedy="see why: ./kubequorum kubectl describe nodes",
    )


def is_ready(item: Mapping[str, Any]) -> bool:
    """Whether a Node object's condition Ready is True, not False or Unknown."""
    conditions = item["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def show_nodes(found: NodeList, console: Console) -> None:
    """Print them as a table, or why they cannot be listed."""
    if found.problem:
        console.print(f"Kubernetes: {found.problem}\n", markup=False, highlight=False)
        return
    columns = ("node", "state", "roles", "zone", "slot", "group", "version", "address")
    table = Table(*columns, title="Nodes", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.padding = (0, 3, 0, 0)
    for node in found.nodes:
        state = Text("Ready", style="green") if node.ready else Text("NotReady", style="red")
        roles = ", ".join(node.roles) or "worker"
        table.add_row(
            *(node.name, state, roles, node.zone, node.slot, node.worker_group, node.version, node.address)
        )
    console.print(table)
    console.print()


def _missing(ask: Callable[[], NodeList], instances: set[str]) -> list[str]:
    try:
        found = ask()
    except CommandError as error:
        return [reason_of(error)]
    if found.problem:
        return [found.problem]
    nodes = {node.name: node for node in found.nodes}
    lines = [f"instance {name} has no node" for name in sorted(instances - nodes.keys())]
    lines += [f"{name} is not Ready" for name, node in nodes.items() if name in instances and not node.ready]
    return lines


def _node(item: dict[str, Any]) -> Node:
    labels, status = item["metadata"].get("labels", {}), item["status"]
    return Node(
        name=item["metadata"]["name"],
        ready=is_ready(item),
        roles=sorted(label.removeprefix(_ROLE) for label in labels if label.startswith(_ROLE)),
        version=status["nodeInfo"]["kubeletVersion"],
        address=next((a["address"] for a in status.get("addresses", []) if a["type"] == "InternalIP"), ""),
        zone=labels.get("topology.kubernetes.io/zone", ""),
        slot=labels.get(_SLOT, ""),
        worker_group=labels.get(_WORKER_GROUP, ""),
    )
