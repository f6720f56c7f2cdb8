"""The kubelet of this host, and the API with its credentials."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.node import Node

KUBECONFIG = "/etc/kubernetes/kubelet.conf"
CLIENT_CERTIFICATE = "/var/lib/kubelet/pki/kubelet-client-current.pem"
"""Certificate and key, which the kubelet renews."""
_READY_SECONDS = 300.0
_TIMEOUT_SECONDS = 10
_SUCCESS = frozenset({200, 201})


_MERGE_PATCH = "application/merge-patch+json"


class ApiError(NodeError):
    """The API server refused, or could not be reached."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Its answer; None if there was none."""


class NodeApi:
    """The API with the kubelet's credentials: a node may read and write its own Node and its own pods.

    https://kubernetes.io/docs/reference/access-authn-authz/node/
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        # A master uses its own API server: its network must not depend on the load balancer.
        self._server = node.identity.address if node.is_master else node.document.node_api_name

    def get(self, path: str) -> Any:
        """One object or list.

        Raises:
            ApiError: there is no answer, or an error.

        """
        with self._open(path, timeout=_TIMEOUT_SECONDS) as answer:
            return json.loads(answer.read())

    def patch(self, path: str, change: dict[str, Any]) -> None:
        """Merge a change into an object.

        Raises:
            ApiError: as `get`.

        """
        with self._open(path, timeout=_TIMEOUT_SECONDS, method="PATCH", body=change, kind=_MERGE_PATCH):
            return

    def create(self, path: str, document: dict[str, Any]) -> None:
        """Create an object.

        Raises:
            ApiError: as `get`.

        """
        with self._open(path, timeout=_TIMEOUT_SECONDS, method="POST", body=document):
            return

    def watch(self, path: str, *, timeout: float) -> Iterator[dict[str, Any]]:
        """Events until the server ends the watch, or sends nothing for `timeout` seconds.

        Raises:
            ApiError: as `get`; also when the connection is lost.

        """
        with self._open(path, timeout=timeout) as answer:
            try:
                for line in answer:
                    yield json.loads(line)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise ApiError(f"the watch of {path} ended: {error}") from error

    @contextmanager
    def _open(
        self,
        path: str,
        *,
        timeout: float,
        method: str = "GET",
        body: dict[str, Any] | None = None,
        kind: str = "application/json",
    ) -> Iterator[http.client.HTTPResponse]:
        host = self._node.host
        try:
            context = ssl.create_default_context(cafile=str(host.path(CA_CERTIFICATE)))
            context.load_cert_chain(host.path(CLIENT_CERTIFICATE))
            connection = http.client.HTTPSConnection(self._server, API_PORT, timeout=timeout, context=context)
            try:
                sent = None if body is None else json.dumps(body).encode()
                headers = {"Accept": "application/json"} | ({} if sent is None else {"Content-Type": kind})
                connection.request(method, path, body=sent, headers=headers)
                answer = connection.getresponse()
                if answer.status not in _SUCCESS:
                    raise ApiError(
                        f"{method} {path} of {self._server}: {answer.status} {answer.read(500)!r}",
                        status=answer.status,
                    )
                yield answer
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise ApiError(f"{method} {path} of {self._server}: {error}") from error


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
