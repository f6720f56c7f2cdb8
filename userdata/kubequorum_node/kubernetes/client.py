"""The Kubernetes API over HTTP: what kubectl is too slow for, and watches."""

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE

_TIMEOUT_SECONDS = 10
_SUCCESS = frozenset({200, 201})
_MERGE_PATCH = "application/merge-patch+json"


class ApiError(NodeError):
    """The API server refused, or could not be reached."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """Its answer; None if there was none."""


class Client:
    """One API server, or a load balancer, as one user."""

    def __init__(self, host: Host, *, server: str, certificate: str = "", token: str = "") -> None:
        """Nothing is asked yet.

        Args:
            host: where the files are.
            server: address or name of the API server.
            certificate: file with the client certificate and its key; read again for each request.
            token: a bearer token, instead of a certificate.

        """
        self._token = token
        self._host = host
        self._server = server
        self._certificate = certificate

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

    def create(self, path: str, document: dict[str, Any]) -> Any:
        """Create an object; as the API has it then.

        Raises:
            ApiError: as `get`.

        """
        with self._open(path, timeout=_TIMEOUT_SECONDS, method="POST", body=document) as answer:
            return json.loads(answer.read())

    def update(self, path: str, document: dict[str, Any]) -> None:
        """Replace an object, which must be as it was read: its resourceVersion is compared.

        Raises:
            ApiError: as `get`; status 409 if it has changed meanwhile.

        """
        with self._open(path, timeout=_TIMEOUT_SECONDS, method="PUT", body=document):
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
        try:
            context = ssl.create_default_context(cafile=str(self._host.path(CA_CERTIFICATE)))
            if self._certificate:
                context.load_cert_chain(self._host.path(self._certificate))
            connection = http.client.HTTPSConnection(self._server, API_PORT, timeout=timeout, context=context)
            try:
                sent = None if body is None else json.dumps(body).encode()
                headers = {"Accept": "application/json"} | ({} if sent is None else {"Content-Type": kind})
                headers |= {"Authorization": f"Bearer {self._token}"} if self._token else {}
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
