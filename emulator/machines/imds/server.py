"""IMDS over HTTP: IMDSv2 sessions, the status codes of the real service, and nothing else.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from emulator.machines.imds.document import InstanceMetadata
from emulator.machines.imds.tokens import Tokens

Resolver: TypeAlias = Callable[[str], InstanceMetadata | None]
"""Says which instance the client with this IP address is; None if it is none."""

TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path
TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105 - a header
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"

_log = logging.getLogger(__name__)


class ImdsServer:
    """One listener. It answers from a thread of its own between construction and `close`."""

    def __init__(
        self,
        *,
        resolve: Resolver,
        host: str = "127.0.0.1",
        port: int = 0,
        listener: socket.socket | None = None,
        tokenless_agents: tuple[str, ...] = (),
    ) -> None:
        """Listen on host and port (0: any free one), or answer at a socket that listens already.

        A client whose User-Agent begins with one of `tokenless_agents` is answered without a session token.
        OSError if the address is not available.
        """
        self._server = _Server((host, port), listener, resolve, tokenless_agents)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="imds", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The address for AWS_EC2_METADATA_SERVICE_ENDPOINT."""
        return f"http://{self._server.server_address[0]!s}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening; safe to repeat."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        listener: socket.socket | None,
        resolve: Resolver,
        tokenless_agents: tuple[str, ...],
    ) -> None:
        self.resolve = resolve
        self.tokens = Tokens()
        self.tokenless_agents = tokenless_agents
        super().__init__(address, _Handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "EC2ws"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        metadata = self._instance()
        if metadata is None or self._is_in_trouble(metadata):
            return
        token = self.headers.get(TOKEN_HEADER)
        headers = {}
        if token is not None:
            left = self.server.tokens.seconds_left(metadata.instance.instance_id, token)
            if left is None:
                self._answer(HTTPStatus.UNAUTHORIZED)
                return
            headers[TTL_HEADER] = str(left)
        elif metadata.instance.http_tokens_required and not self._may_come_without_token():
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        path = unquote(urlsplit(self.path).path)
        try:
            content = metadata.get(path)
        except Exception:
            _log.exception("instance=%s path=%s no answer", metadata.instance.instance_id, path)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        if content is None:
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, content, headers)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        # An unread body would be taken for the next request of a kept connection.
        self.close_connection = True
        metadata = self._instance()
        if metadata is None or self._is_in_trouble(metadata):
            return
        if urlsplit(self.path).path != TOKEN_PATH:
            self._answer(HTTPStatus.NOT_FOUND)
            return
        # A proxy's header means that the request may have been smuggled in from outside.
        if "X-Forwarded-For" in self.headers:
            self._answer(HTTPStatus.FORBIDDEN)
            return
        try:
            ttl = int(self.headers.get(TTL_HEADER, ""))
            token = self.server.tokens.issue(metadata.instance.instance_id, ttl)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        # The hop limit is the IP time-to-live of the answer that carries the token, and of no other.
        hops = metadata.instance.http_put_response_hop_limit
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
        self._answer(HTTPStatus.OK, token.encode(), {TTL_HEADER: str(ttl)})

    def _may_come_without_token(self) -> bool:
        agents = self.server.tokenless_agents
        return bool(agents) and self.headers.get("User-Agent", "").startswith(agents)

    def _instance(self) -> InstanceMetadata | None:
        metadata = self.server.resolve(self.client_address[0])
        if metadata is None:
            self._answer(HTTPStatus.NOT_FOUND)
        return metadata

    def _is_in_trouble(self, metadata: InstanceMetadata) -> bool:
        """Apply an active fault; whether that answered the request already."""
        trouble = metadata.trouble(self.path)
        if trouble is None:
            return False
        time.sleep(trouble.delay_seconds)
        if trouble.status is not None:
            self._answer(HTTPStatus(trouble.status))
        return trouble.status is not None

    def _answer(self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        if not body and status is not HTTPStatus.OK:
            body = f"{status.value} - {status.phrase}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        _log.debug("client=%s %s", self.client_address[0], format % args)
