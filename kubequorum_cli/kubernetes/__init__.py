"""The cluster's Kubernetes: an administrator's access to its API, its nodes and addons."""

from kubequorum_cli.kubernetes.access import (
    Access,
    api_endpoint,
    find_access,
    has_kubernetes,
    published_kubeconfig,
)
from kubequorum_cli.kubernetes.addons import AddonList, look_at_addons, show_addons
from kubequorum_cli.kubernetes.client import ApiError, Client
from kubequorum_cli.kubernetes.control_plane import ControlPlane, look_at_control_plane
from kubequorum_cli.kubernetes.nodes import NodeList, is_ready, look, show_nodes, wait_for_nodes

__all__ = [
    "Access",
    "AddonList",
    "ApiError",
    "Client",
    "ControlPlane",
    "NodeList",
    "api_endpoint",
    "find_access",
    "has_kubernetes",
    "is_ready",
    "look",
    "look_at_addons",
    "look_at_control_plane",
    "published_kubeconfig",
    "show_addons",
    "show_nodes",
    "wait_for_nodes",
]
