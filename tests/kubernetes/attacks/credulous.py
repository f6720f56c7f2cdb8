"""The pod network of a machine, once, as it would be if it believed what Nodes say; runs there."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from kubequorum_node.__main__ import _node
from kubequorum_node.kubernetes import node_claims
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.kubernetes.pod_routes import Peer


def _believe(node: Mapping[str, Any], _: object) -> Peer | None:
    """A Node as it describes itself; no nonsense, with which this would just end."""
    addresses = [a["address"] for a in node["status"].get("addresses", []) if a["type"] == "InternalIP"]
    pod_range = node["spec"].get("podCIDR")
    if not addresses or not pod_range:
        return None
    return Peer(IPv4Network(pod_range), IPv4Address(addresses[0]), node["metadata"]["creationTimestamp"])


def main() -> None:
    """Read the Nodes, and route to them."""
    node_claims.peer_of = _believe  # type: ignore[assignment]
    folder = Path("/opt/kubequorum")
    PodNetwork(_node(folder / "node.json", folder / "current/cluster.json")).synchronise()


if __name__ == "__main__":
    main()
