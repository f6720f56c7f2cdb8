"""An upstream on this computer, and what a lock file says of it, for tests of programs."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from kubequorum_node.system.lockfile import Artifact

KUBELET = b"#!/bin/sh\necho Kubernetes v1.36.3\n"


class Server(ThreadingHTTPServer):
    """Upstream: files by their paths, and what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.failures = 0
        self.cut_short = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path)
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cut_short:
            self.server.cut_short -= 1
            body = body[:-1]
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on this computer, for one test."""
    server = Server()
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def artifact_at(url: str, content: bytes, **changes: Any) -> Artifact:
    """An entry of a lock file: kubelet, if nothing else is said."""
    values: dict[str, Any] = {
        "name": "kubelet",
        "version": "1.36.3",
        "url": url,
        "sha256": hashlib.sha256(content).hexdigest(),
        "archive": None,
        "strip_components": 0,
        "install": {"kubelet": "/usr/local/bin/kubelet"},
        "version_command": ("kubelet", "--version"),
    }
    return Artifact(**{**values, **changes})
