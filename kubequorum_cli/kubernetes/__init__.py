"""The Kubernetes that real machines run: the way to its API from this computer, and its nodes."""

from kubequorum_cli.kubernetes.nodes import NodeList, is_ready, look, show_nodes, wait_for_nodes
from lab.access import Access, find_access, has_kubernetes

__all__ = [
    "Access",
    "NodeList",
    "find_access",
    "has_kubernetes",
    "is_ready",
    "look",
    "show_nodes",
    "wait_for_nodes",
]
