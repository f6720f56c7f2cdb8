"""Objects that masters write into the cluster, the same from each of them; safe to repeat."""

import json
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.document import CALICO, SecuritySpec
from kubequorum_node.host import CommandError
from kubequorum_node.kubernetes import (
    approver_role,
    cluster_dns,
    node_admission,
    revoked_nodes,
    service_account_roles,
)
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.kubernetes.kubelet import CALICO_DAEMON_SET
from kubequorum_node.kubernetes.node_claims import AddressPlan
from kubequorum_node.log import info
from kubequorum_node.node import Node

POD_NETWORK_ROLE = "kubequorum:pod-network"
FROM_CLUSTER_FILE = "kubequorum-pod-security"
"""Label of namespaces whose standard is in the cluster file."""
_ENFORCE = "pod-security.kubernetes.io/enforce"

Object = dict[str, Any]


def apply(node: Node, *, seconds: float) -> None:
    """Write all of them; retried, as the API server may have just started.

    Raises:
        WaitError: it did not accept them in this time; with its last answer.

    """

    def attempt() -> None:
        try:
            _apply_once(node)
        except CommandError as error:
            raise NotYetError(str(error)) from error

    node.clock.poll("objects that masters share", attempt, seconds=seconds, pause=2.0)


def _apply_once(node: Node) -> None:
    plan = AddressPlan.of(node.document)
    objects = [
        *node_reader(),
        *network_reader(node),
        *approver_role.objects(),
        *node_admission.objects(plan),
        *revoked_nodes.objects(),
        *namespaces(node.security_spec),
        *cluster_dns.objects(node),
    ]
    roles = service_account_roles.objects(node)
    if node.config.service_account_issuer:
        objects += roles
    else:
        kubectl(node, "delete", "--ignore-not-found", "-f", "-", stdin=_listed(roles))
    kubectl(node, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=_listed(objects))
    _release_namespaces(node)


def _listed(objects: list[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def node_reader() -> list[Object]:
    """RBAC that lets nodes read all Nodes: the pod network needs their addresses and pod ranges."""
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": POD_NETWORK_ROLE},
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}],
    }
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": POD_NETWORK_ROLE},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": POD_NETWORK_ROLE},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
    }
    return [role, binding]


def network_reader(node: Node) -> list[Object]:
    """RBAC that lets nodes ask whether Calico is there already; nothing with the built-in network."""
    if node.document.network_plugin != CALICO:
        return []
    group = "rbac.authorization.k8s.io"
    metadata = {"name": POD_NETWORK_ROLE, "namespace": "kube-system"}
    name = CALICO_DAEMON_SET.rpartition("/")[2]
    rule = {"apiGroups": ["apps"], "resources": ["daemonsets"], "resourceNames": [name], "verbs": ["get"]}
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": POD_NETWORK_ROLE},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:nodes"}],
    }
    return [{"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}, binding]


def namespaces(security: SecuritySpec) -> list[Object]:
    """Each namespace of the cluster file, with its Pod Security Standard."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {_ENFORCE: level, FROM_CLUSTER_FILE: "true"}},
        }
        for name, level in security.namespaces.items()
    ]


def _release_namespaces(node: Node) -> None:
    """Give namespaces that are no longer in the cluster file the default standard again."""
    found = kubectl(node, "get", "namespaces", f"--selector={FROM_CLUSTER_FILE}", "--output=json").stdout
    for item in json.loads(found)["items"]:
        name = item["metadata"]["name"]
        if name not in node.security_spec.namespaces:
            info(f"namespace {name} is not in the cluster file any more: it gets the default standard")
            kubectl(node, "label", "namespace", name, f"{_ENFORCE}-", f"{FROM_CLUSTER_FILE}-")
