"""HTTPS to an API server, where starting kubectl takes too long: requests, answers and watches."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Host
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes.api_access import Access
from kubequorum_node.kubernetes.api_errors import UnavailableError, raise_for_status

USER_AGENT = "kubequorum"
_SECONDS = 10.0
_BODY_SHOWN = 300
_LOST = (OSError, http.client.HTTPException, ValueError)


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

    def accepted(self, what: str) -> dict[str, Any]:
        """The body, if the request has succeeded.

        Args:
            what: the request, for the error.

        Raises:
            UnavailableError, ConflictError, RefusedError: it has not.

        """
        raise_for_status(what, self.status, self.body)
        return self.body


class Connection(Protocol):
    """Where requests go."""

    def exchange(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            UnavailableError: there is no answer.

        """


class HttpsConnection:
    """Requests to one API server, or a load balancer, as one user."""

    def __init__(
        self, host: Host, *, server: str, access: Access, seconds: float = _SECONDS, stays_open: bool = False
    ) -> None:
        """Nothing is asked yet.

        Args:
            host: where the files are.
            server: address or name of the API server.
            access: as whom.
            seconds: how long an answer may take.
            stays_open: whether several requests share a connection, and the credentials that were read for
                it, until it is lost or the server refuses them. They must be requests that can be repeated.

        """
        self.server = server
        self._host = host
        self._access = access
        self._seconds = seconds
        self._stays_open = stays_open
        self._open: tuple[http.client.HTTPSConnection, Mapping[str, str]] | None = None

    def exchange(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            UnavailableError: there is no answer, or this host has no valid credentials.

        """
        is_new = self._open is None
        try:
            try:
                answer = self._sent(request)
            except (http.client.RemoteDisconnected, ConnectionError):
                # An idle connection may have been closed.
                self.close()
                if is_new:
                    raise
                answer = self._sent(request)
        except _LOST as error:
            self.close()
            raise self._no_answer(request, error) from error
        if not self._stays_open or answer.status == http.client.UNAUTHORIZED:
            self.close()
        return answer

    def lines(self, request: Request, *, seconds: float) -> Iterator[bytes]:
        """What a request is answered with, as it comes, on a connection of its own.

        Args:
            request: a watch.
            seconds: for how long the server may send nothing.

        Raises:
            UnavailableError: there is no answer, or the connection was lost.
            RefusedError: the server refuses it.

        """
        try:
            connection, headers = self._connect(seconds)
            try:
                answer = _send(connection, headers, request)
                if answer.status != http.client.OK:
                    raise_for_status(self.name(request), answer.status, _parsed(answer))
                yield from answer
            finally:
                connection.close()
        except _LOST as error:
            raise self._no_answer(request, error) from error

    def name(self, request: Request) -> str:
        """A request, for messages."""
        return f"{request.method} {request.path} of {self.server}"

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._open is not None:
            self._open[0].close()
            self._open = None

    def _no_answer(self, request: Request, error: Exception) -> UnavailableError:
        return UnavailableError(f"{self.name(request)}: no answer: {error!r}")

    def _sent(self, request: Request) -> Answer:
        if self._open is None:
            self._open = self._connect(self._seconds)
        answer = _send(*self._open, request)
        return Answer(status=answer.status, body=_parsed(answer))

    def _connect(self, seconds: float) -> tuple[http.client.HTTPSConnection, Mapping[str, str]]:
        """A connection that trusts the cluster's CA, and the headers of its requests."""
        try:
            context = ssl.create_default_context(cafile=str(self._host.path(CA_CERTIFICATE)))
            headers = self._access.prepare(self._host, context)
        except (OSError, ValueError, LookupError, NodeError) as error:
            raise UnavailableError(f"there are no valid credentials for {self.server}: {error!r}") from error
        return http.client.HTTPSConnection(self.server, API_PORT, timeout=seconds, context=context), headers


def _send(
    connection: http.client.HTTPSConnection, headers: Mapping[str, str], request: Request
) -> http.client.HTTPResponse:
    path = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
    sent = {"Accept": "application/json", "User-Agent": USER_AGENT, **headers}
    body = None
    if request.body is not None:
        body = json.dumps(request.body).encode()
        sent["Content-Type"] = request.content_type
    connection.request(request.method, path, body=body, headers=sent)
    return connection.getresponse()


def _parsed(answer: http.client.HTTPResponse) -> dict[str, Any]:
    """The JSON object in an answer; proxies and a server that is starting refuse with plain text.

    Raises:
        ValueError: it is none, and the request has succeeded.

    """
    content = answer.read()
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    shown = content[:_BODY_SHOWN].decode(errors="replace")
    if answer.status < http.client.MULTIPLE_CHOICES:
        raise ValueError(f"status {answer.status} with {shown!r}, which is no JSON object")
    return {"message": shown}
