"""The API as a node's kubelet sees it: its own credentials, over TLS, and what it makes of answers."""

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kubequorum_node.kubernetes import client
from kubequorum_node.kubernetes.client import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from tests.unit.node.fakes import FakeNode

CLIENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"
CA = "/etc/kubernetes/pki/ca.crt"


class _Server(ThreadingHTTPServer):
    """Records requests, and answers as the test defines."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.authorization = ""
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.asked: list[tuple[str, str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        self.server.authorization = self.headers.get("Authorization", "")
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'{"kind": "Pod"}')

    do_GET = do_PATCH = do_POST = do_PUT = _answer  # noqa: N815 - as http.server looks them up

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """An API server that wants a certificate of the cluster's CA, which the worker has."""
    for path in (CLIENT, CA):
        worker.host.path(path).parent.mkdir(parents=True, exist_ok=True)
    key, certificate = worker.host.path("/key.pem"), worker.host.path(CA)
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca"
    names = ("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", *request.split(), *names], check=True, capture_output=True)
    worker.host.path(CLIENT).write_text(certificate.read_text() + key.read_text())
    server = _Server()
    context = server.tls
    context.load_verify_locations(certificate)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(client, "API_PORT", server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def api(worker: FakeNode, server: _Server) -> NodeApi:
    """The worker's way to it."""
    api = NodeApi(worker)
    api._server = "localhost"
    return api


def test_a_node_shows_its_certificate(api: NodeApi, server: _Server) -> None:
    """Without it the server would not even have listened."""
    assert api.get("/api/v1/pods") == {"kind": "Pod"}
    assert server.asked == [("GET", "/api/v1/pods", "", None)]


def test_a_change_is_a_merge_patch(api: NodeApi, server: _Server) -> None:
    """Of what it names, and nothing else."""
    api.patch("/api/v1/nodes/me", {"spec": {"unschedulable": True}})
    kind = "application/merge-patch+json"
    assert server.asked == [("PATCH", "/api/v1/nodes/me", kind, {"spec": {"unschedulable": True}})]


def test_an_eviction_is_created(api: NodeApi, server: _Server) -> None:
    """Created, says the server."""
    server.status = 201
    api.create("/api/v1/namespaces/default/pods/web/eviction", {"kind": "Eviction"})
    (asked,) = server.asked
    assert asked == (
        "POST",
        "/api/v1/namespaces/default/pods/web/eviction",
        "application/json",
        {"kind": "Eviction"},
    )


def test_an_object_is_replaced_as_a_whole(api: NodeApi, server: _Server) -> None:
    """The server compares its resourceVersion, and refuses one that is old."""
    changed = {"metadata": {"resourceVersion": "7"}}
    api.update("/apis/x/v1/things/one", changed)
    assert server.asked == [("PUT", "/apis/x/v1/things/one", "application/json", changed)]
    server.status = 409
    with pytest.raises(ApiError) as refused:
        api.update("/apis/x/v1/things/one", changed)
    assert refused.value.status == 409


def test_a_host_without_a_certificate_shows_its_token(worker: FakeNode, server: _Server) -> None:
    """The server is verified all the same."""
    server.tls.verify_mode = ssl.CERT_NONE
    api = client.Client(worker.host, server="localhost", token="abcdef.0123456789abcdef")
    assert api.create("/apis/x/v1/things", {"kind": "Thing"}) == {"kind": "Pod"}
    assert server.authorization == "Bearer abcdef.0123456789abcdef"


def test_a_refusal_has_its_status(api: NodeApi, server: _Server) -> None:
    """It distinguishes an eviction that is forbidden for now from a needless one."""
    server.status = 429
    with pytest.raises(ApiError, match="429") as refused:
        api.create("/api/v1/namespaces/default/pods/web/eviction", {})
    assert refused.value.status == 429


def test_no_answer_has_none(api: NodeApi) -> None:
    """A server that has no certificate for its name is no answer either."""
    api._server = "127.0.0.1"
    with pytest.raises(ApiError) as refused:
        api.get("/api/v1/pods")
    assert refused.value.status is None
