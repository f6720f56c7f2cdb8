"""The kubelet's credentials, the API with them, and the wait for the node to be Ready."""

from kubequorum_node.clock import NotYetError
from kubequorum_node.kubernetes.api_access import CertificateFile
from kubequorum_node.kubernetes.api_connection import HttpsConnection
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.node import Node

KUBECONFIG = "/etc/kubernetes/kubelet.conf"
PKI_FOLDER = "/var/lib/kubelet/pki"
CLIENT_CERTIFICATE = f"{PKI_FOLDER}/kubelet-client-current.pem"
"""Certificate and key, which the kubelet renews."""
_READY_SECONDS = 300.0


class NodeApi(PathClient):
    """The API with the kubelet's credentials: a node may read and write its own Node and its own pods.

    https://kubernetes.io/docs/reference/access-authn-authz/node/
    """

    def __init__(self, node: Node) -> None:
        # A master uses its own API server: its network must not depend on the load balancer.
        server = node.identity.address if node.is_master else node.document.node_api_name
        access = CertificateFile(CLIENT_CERTIFICATE)
        super().__init__(HttpsConnection(node.host, server=server, access=access))


def wait_until_ready(node: Node) -> None:
    """Wait until this host's Node is Ready.

    Raises:
        WaitError: with the kubelet's last report.

    """
    api = NodeApi(node)

    def look() -> None:
        try:
            status = api.get(f"/api/v1/nodes/{node.identity.node_name}")["status"]
        except ApiError as error:
            raise NotYetError(str(error)) from error
        ready = [c for c in status.get("conditions", []) if c["type"] == "Ready"]
        if not ready or ready[0]["status"] != "True":
            raise NotYetError(
                ready[0].get("message", "it is not ready") if ready else "the kubelet has reported nothing"
            )

    node.clock.poll(
        f"node {node.identity.node_name} ready", look, seconds=_READY_SECONDS, pause=0.3, longest_pause=2.0
    )
