"""The Kubernetes that real machines run: the way to its API from this computer, and its nodes."""

from local.cli.kubernetes.access import Access, find_access, has_kubernetes
from local.cli.kubernetes.nodes import NodeList, is_ready, look, show_nodes, wait_for_nodes

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
