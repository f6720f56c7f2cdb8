"""HTTPS to the API server on this host as an administrator, where starting kubectl takes too long."""

import base64
import http.client
import json
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes.api_server import ADMIN_KUBECONFIG, KUBECTL
from kubequorum_node.node import WORK_FOLDER, Node

_SECONDS = 20.0
_BODY_SHOWN = 300
USER_AGENT = "kubequorum"


class UnavailableError(NodeError):
    """The API server does not answer, or cannot serve now: the same request may succeed later."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request to the API."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Its answer: an object, a list, or a Status."""

    status: int
    body: dict[str, Any]


class Connection(Protocol):
    """Where requests go."""

    def exchange(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            UnavailableError: there is no answer.

        """


class AdminConnection:
    """A connection as administrator; it is opened when first used, and again after it was lost."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._connection: http.client.HTTPSConnection | None = None

    def exchange(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            UnavailableError: there is no answer, or this host has no valid credentials.

        """
        is_new = self._connection is None
        try:
            try:
                answer = self._send(request)
            except (http.client.RemoteDisconnected, ConnectionError):
                # An idle connection may have been closed. All requests used here can be repeated.
                self.close()
                if is_new:
                    raise
                answer = self._send(request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise UnavailableError(f"the API server on this host does not answer: {error!r}") from error
        if answer.status == http.client.UNAUTHORIZED:
            # Certificates are renewed: the next connection reads them again.
            self.close()
            raise UnavailableError("the API server on this host refuses the administrator's certificate")
        return answer

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, request: Request) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                self._node.identity.address, API_PORT, timeout=_SECONDS, context=self._context()
            )
        path = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
        body = None if request.body is None else json.dumps(request.body).encode()
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if body is not None:
            headers["Content-Type"] = request.content_type
        self._connection.request(request.method, path, body=body, headers=headers)
        answer = self._connection.getresponse()
        return Answer(status=answer.status, body=_parsed(answer.read()))

    def _context(self) -> ssl.SSLContext:
        """Trust in the cluster's CA, and the administrator's certificate."""
        host = self._node.host
        shown = host.run(
            KUBECTL,
            "config",
            "view",
            f"--kubeconfig={ADMIN_KUBECONFIG}",
            "--raw",
            "--minify",
            "--output=json",
        )
        (user,) = json.loads(shown.stdout)["users"]
        context = ssl.create_default_context(cafile=str(host.path(CA_CERTIFICATE)))
        # Python reads a client's certificate from a file only; this file is private and removed at once.
        with tempfile.NamedTemporaryFile(dir=host.path(WORK_FOLDER), suffix=".pem") as file:
            for part in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user["user"][part]))
            file.flush()
            context.load_cert_chain(file.name)
        return context


def _parsed(content: bytes) -> dict[str, Any]:
    """The JSON object in an answer; proxies and a server that is starting answer with plain text."""
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"message": content[:_BODY_SHOWN].decode(errors="replace")}
