"""The control loops of this master, kube-controller-manager and kube-scheduler: whether they run.

Each answers on loopback, with a certificate of its own making, whether it leads or stands by; `/healthz`
needs no credentials (`--authorization-always-allow-paths`,
https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/). Ports:
https://kubernetes.io/docs/reference/networking/ports-and-protocols/
"""

from kubequorum_node.clock import NotYetError
from kubequorum_node.node import Node

PORTS = {"kube-controller-manager": 10257, "kube-scheduler": 10259}
_OK = 200
_START_SECONDS = 180.0
"""They start when the API server is ready, within seconds: one that needs longer cannot run."""


def not_healthy(node: Node, *, timeout: float = 2.0) -> list[str]:
    """Names of those that do not answer that they are healthy."""
    return [
        name
        for name, port in PORTS.items()
        if node.host.https_status(f"https://127.0.0.1:{port}/healthz", ca_file=None, timeout=timeout) != _OK
    ]


def wait_until_healthy(node: Node) -> None:
    """Wait until both answer.

    Raises:
        WaitError: names what does not.

    """

    def look() -> None:
        if names := not_healthy(node):
            raise NotYetError(f"{' and '.join(names)} not healthy: see the logs below /var/log/pods")

    node.clock.poll(
        "controller manager and scheduler of this host",
        look,
        seconds=_START_SECONDS,
        pause=0.3,
        longest_pause=1.0,
    )
