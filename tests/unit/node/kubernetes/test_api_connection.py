"""Requests to an API server: over TLS, with each kind of credentials, and what is made of answers."""

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kubequorum_node.kubernetes import api_connection
from kubequorum_node.kubernetes.api_access import Access, CertificateFile, Kubeconfig, Token
from kubequorum_node.kubernetes.api_connection import HttpsConnection, Request
from kubequorum_node.kubernetes.api_errors import ApiError, ConflictError, RefusedError, UnavailableError
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.node import WORK_FOLDER
from tests.unit.node.fakes import FakeNode

CLIENT = "/var/lib/kubelet/pki/kubelet-client-current.pem"
CA = "/etc/kubernetes/pki/ca.crt"
THING = Request(method="GET", path="/apis/x/v1/things/one")


class _Server(ThreadingHTTPServer):
    """Records requests, and answers as the test defines."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.content = b'{"kind": "Pod"}'
        self.closes = False
        self.authorization = ""
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.asked: list[tuple[str, str, str, Any]] = []
        self.ports: list[int] = []
        """Of the clients: a connection has one."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, self.headers.get("Content-Type", ""), body))
        self.server.ports.append(self.client_address[1])
        self.server.authorization = self.headers.get("Authorization", "")
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)
        # Without having said so, as a server that ends does.
        self.close_connection = self.server.closes

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
    monkeypatch.setattr(api_connection, "API_PORT", server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _connection(
    node: FakeNode, access: Access | None = None, *, stays_open: bool = False, server: str = "localhost"
) -> HttpsConnection:
    used = access or CertificateFile(CLIENT)
    return HttpsConnection(node.host, server=server, access=used, stays_open=stays_open)


@pytest.fixture
def api(worker: FakeNode, server: _Server) -> PathClient:
    """The worker's way to it."""
    return PathClient(_connection(worker))


def test_a_client_shows_its_certificate(api: PathClient, server: _Server) -> None:
    """Without it the server would not even have listened."""
    assert api.get("/api/v1/pods") == {"kind": "Pod"}
    assert server.asked == [("GET", "/api/v1/pods", "", None)]


def test_a_change_is_a_merge_patch(api: PathClient, server: _Server) -> None:
    """Of what it names, and nothing else."""
    api.patch("/api/v1/nodes/me", {"spec": {"unschedulable": True}})
    kind = "application/merge-patch+json"
    assert server.asked == [("PATCH", "/api/v1/nodes/me", kind, {"spec": {"unschedulable": True}})]


def test_an_eviction_is_created(api: PathClient, server: _Server) -> None:
    """Created, says the server."""
    server.status = 201
    path = "/api/v1/namespaces/default/pods/web/eviction"
    api.create(path, {"kind": "Eviction"})
    assert server.asked == [("POST", path, "application/json", {"kind": "Eviction"})]


def test_an_object_is_replaced_as_a_whole(api: PathClient, server: _Server) -> None:
    """The server compares its resourceVersion, and refuses one that is old."""
    changed = {"metadata": {"resourceVersion": "7"}}
    api.update(THING.path, changed)
    assert server.asked == [("PUT", THING.path, "application/json", changed)]
    server.status = 409
    with pytest.raises(ConflictError) as refused:
        api.update(THING.path, changed)
    assert refused.value.status == 409


def test_a_watch_has_each_event_as_it_comes(api: PathClient, server: _Server) -> None:
    """One a line; a line that is none ends it with an error, and so does a refusal."""
    server.content = b'{"type": "ADDED"}\n{"type": "DELETED"}\nnonsense\n'
    events = api.watch("/api/v1/nodes?watch=1", timeout=5)
    assert [next(events), next(events)] == [{"type": "ADDED"}, {"type": "DELETED"}]
    with pytest.raises(UnavailableError, match="nonsense"):
        next(events)
    server.status, server.content = 403, b'{"message": "no"}'
    with pytest.raises(RefusedError, match="no"):
        next(api.watch("/api/v1/nodes?watch=1", timeout=5))


def test_a_host_without_a_certificate_shows_its_token(worker: FakeNode, server: _Server) -> None:
    """The server is verified all the same."""
    server.tls.verify_mode = ssl.CERT_NONE
    token = Token("abcdef.0123456789abcdef")
    assert PathClient(_connection(worker, token)).create("/apis/x/v1/things", {}) == {"kind": "Pod"}
    assert server.authorization == "Bearer abcdef.0123456789abcdef"
    with pytest.raises(UnavailableError, match="certificate verify failed"):
        PathClient(_connection(worker, token, server="127.0.0.1")).get(THING.path)


def test_the_certificate_of_a_kubeconfig_stays_in_no_file(worker: FakeNode, server: _Server) -> None:
    """Python reads certificates from files only."""
    pem = base64.b64encode(worker.host.path(CLIENT).read_bytes()).decode()
    user = {"client-certificate-data": pem, "client-key-data": pem}
    shown = json.dumps({"users": [{"name": "x", "user": user}]})
    worker.host.on("/usr/local/bin/kubectl config view --kubeconfig=/admin.conf", shown)
    worker.host.path(WORK_FOLDER).mkdir(parents=True)
    access = Kubeconfig("/admin.conf")
    assert _connection(worker, access).exchange(THING).status == 200
    assert list(worker.host.path(WORK_FOLDER).iterdir()) == []
    worker.host.on("/usr/local/bin/kubectl config view --kubeconfig=/admin.conf", json.dumps({"users": []}))
    with pytest.raises(UnavailableError, match="no valid credentials"):
        _connection(worker, access).exchange(THING)


def test_a_connection_is_used_once_or_until_it_is_lost(worker: FakeNode, server: _Server) -> None:
    """Credentials are read for each connection; a request is repeated on another one if it was closed."""
    once = _connection(worker)
    for _ in range(2):
        once.exchange(THING)
    assert len(set(server.ports)) == 2
    server.ports.clear()
    kept = _connection(worker, stays_open=True)
    kept.exchange(THING)
    server.closes = True
    kept.exchange(THING)
    assert len(set(server.ports)) == 1
    assert kept.exchange(THING).status == 200
    assert len(set(server.ports)) == 2
    server.closes, server.status = False, 401
    kept.exchange(THING)
    server.ports.clear()
    kept.exchange(THING)
    kept.exchange(THING)
    assert len(set(server.ports)) == 2, "what is refused is read again"
    kept.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, UnavailableError),
        (403, RefusedError),
        (409, ConflictError),
        (422, RefusedError),
        (429, UnavailableError),
        (503, UnavailableError),
    ],
)
def test_an_error_has_the_status(
    api: PathClient, server: _Server, status: int, error: type[ApiError]
) -> None:
    """It distinguishes an eviction that is forbidden for now from a needless one."""
    server.status, server.content = status, b"plain text"
    with pytest.raises(ApiError, match=r"POST /x of localhost: .*plain text") as refused:
        api.create("/x", {})
    assert type(refused.value) is error
    assert refused.value.status == status


def test_no_answer_has_none(worker: FakeNode, server: _Server) -> None:
    """Neither has a success that is no object, nor a host whose certificate is gone."""
    server.content = b"<html>"
    with pytest.raises(UnavailableError, match="is no JSON object") as failed:
        PathClient(_connection(worker)).get(THING.path)
    assert failed.value.status is None
    worker.host.path(CLIENT).unlink()
    with pytest.raises(UnavailableError, match="no valid credentials for localhost"):
        PathClient(_connection(worker)).get(THING.path)
