"""The kubelet's credentials, the API with them, and the wait for the node to be Ready."""

import http.client

from kubequorum_node.clock import NotYetError
from kubequorum_node.document import CALICO
from kubequorum_node.kubernetes.api_access import CertificateFile
from kubequorum_node.kubernetes.api_connection import HttpsConnection
from kubequorum_node.kubernetes.api_errors import ApiError, RefusedError
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.log import info
from kubequorum_node.node import Node

KUBECONFIG = "/etc/kubernetes/kubelet.conf"
PKI_FOLDER = "/var/lib/kubelet/pki"
CLIENT_CERTIFICATE = f"{PKI_FOLDER}/kubelet-client-current.pem"
"""Certificate and key, which the kubelet renews."""
_READY_SECONDS = 300.0
_ONLY_NETWORK = "container runtime network not ready"
"""Begins a kubelet's report if nothing but the network is missing; several reasons are a list in brackets.
https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/runtime.go"""
CALICO_DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/calico-node"
"""Brings Calico to every node. Nodes may ask whether it is there, see `shared_objects`."""


class NodeApi(PathClient):
    """The API with the kubelet's credentials: a node may read and write its own Node and its own pods.

    https://kubernetes.io/docs/reference/access-authn-authz/node/
    """

    def __init__(self, node: Node) -> None:
        # A master uses its own API server: its network must not depend on the load balancer.
        server = node.identity.address if node.is_master else node.document.node_api_name
        access = CertificateFile(CLIENT_CERTIFICATE)
        super().__init__(HttpsConnection(node.host, server=server, access=access))


def network_is_to_come(node: Node, api: NodeApi) -> bool:
    """Whether the pod network is one that the stack Addons brings, and has not brought yet.

    That stack is deployed after the workers', which must not wait for it. Once the network is there, a new
    worker is expected to have it.

    Raises:
        ApiError: the API server does not say.

    """
    if node.document.network_plugin != CALICO:
        return False
    try:
        api.get(CALICO_DAEMON_SET)
    except RefusedError as error:
        if error.status == http.client.NOT_FOUND:
            return True
        raise
    return False


def wait_until_ready(node: Node) -> None:
    """Wait until this host's Node is Ready, or would be if the cluster had its pod network already.

    Raises:
        WaitError: with the kubelet's last report.

    """
    api = NodeApi(node)

    def look() -> None:
        try:
            status = api.get(f"/api/v1/nodes/{node.identity.node_name}")["status"]
            ready = [c for c in status.get("conditions", []) if c["type"] == "Ready"]
            if not ready:
                raise NotYetError("the kubelet has reported nothing")
            if ready[0]["status"] == "True":
                return
            message = str(ready[0].get("message") or "it is not ready")
            if message.startswith(_ONLY_NETWORK) and network_is_to_come(node, api):
                info(f"the stack Addons brings the pod network; until then: {message}")
                return
        except ApiError as error:
            raise NotYetError(str(error)) from error
        raise NotYetError(message)

    node.clock.poll(
        f"node {node.identity.node_name} ready", look, seconds=_READY_SECONDS, pause=0.3, longest_pause=2.0
    )
