"""The API server on this host: whether it is ready, and access to it as an administrator."""

from kubequorum_node.clock import NotYetError
from kubequorum_node.document import API_PORT
from kubequorum_node.host import Result
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.node import Node

KUBECTL = "/usr/local/bin/kubectl"
ADMIN_KUBECONFIG = "/etc/kubernetes/admin.conf"
SUPER_ADMIN_KUBECONFIG = "/etc/kubernetes/super-admin.conf"
_READY = 200


def wait_until_ready(node: Node, *, seconds: float = 600.0) -> None:
    """Wait for 200 from /readyz: anything else, 403 included, is not ready.

    Raises:
        WaitError: with the last status.

    """
    url = f"https://{node.identity.address}:{API_PORT}/readyz"

    def look() -> None:
        status = node.host.https_status(url, ca_file=CA_CERTIFICATE)
        if status != _READY:
            raise NotYetError(f"{url} answers {status or 'nothing'}")

    # Often the longest wait of a boot: a look costs a few milliseconds.
    node.clock.poll("the API server on this host", look, seconds=seconds, pause=0.1, longest_pause=0.2)


def is_ready(node: Node) -> bool:
    """Whether it is ready now, etcd included."""
    url = f"https://{node.identity.address}:{API_PORT}/readyz"
    return node.host.https_status(url, ca_file=CA_CERTIFICATE) == _READY


def kubectl(node: Node, *arguments: str, stdin: str | None = None) -> Result:
    """Run kubectl as administrator against the API server on this host, past the load balancer.

    Raises:
        CommandError: it failed.

    """
    return node.host.run(
        KUBECTL,
        f"--kubeconfig={ADMIN_KUBECONFIG}",
        f"--server=https://{node.identity.address}:{API_PORT}",
        "--request-timeout=20s",
        *arguments,
        stdin=stdin,
        timeout=60,
    )
