"""The cluster's Kubernetes: an administrator's access to its API, its nodes and addons."""

from kubequorum_cli.kubernetes.access import (
    Access,
    api_endpoint,
    find_access,
    has_kubernetes,
    published_kubeconfig,
)
from kubequorum_cli.kubernetes.addons import Addon, AddonList, list_addons, look_at_addons, show_addons
from kubequorum_cli.kubernetes.api_server import ApiServer, look_at_api
from kubequorum_cli.kubernetes.certificate import CertificateError, not_after
from kubequorum_cli.kubernetes.client import ApiError, Client
from kubequorum_cli.kubernetes.control_plane import ControlPlane, look_at_control_plane
from kubequorum_cli.kubernetes.exec_credential import exec_credential, with_plugin
from kubequorum_cli.kubernetes.nodes import (
    Node,
    NodeList,
    is_ready,
    list_nodes,
    look,
    show_nodes,
    wait_for_nodes,
)
from kubequorum_cli.kubernetes.pods import SystemPod, list_system_pods

__all__ = [
    "Access",
    "Addon",
    "AddonList",
    "ApiError",
    "ApiServer",
    "CertificateError",
    "Client",
    "ControlPlane",
    "Node",
    "NodeList",
    "SystemPod",
    "api_endpoint",
    "exec_credential",
    "find_access",
    "has_kubernetes",
    "is_ready",
    "list_addons",
    "list_nodes",
    "list_system_pods",
    "look",
    "look_at_addons",
    "look_at_api",
    "look_at_control_plane",
    "not_after",
    "published_kubeconfig",
    "show_addons",
    "show_nodes",
    "wait_for_nodes",
    "with_plugin",
]
