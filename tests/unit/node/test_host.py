"""The boundary to the network, with a real server on this computer."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kubequorum_node.host import Host


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Refuse, with words."""
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b"no")

    def log_message(self, *_: object) -> None:
        """Keep still."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server that refuses everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_refusal_is_an_answer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its body and its date, and past any proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    answer = Host().get(url)
    assert answer is not None
    assert (answer.status, answer.body) == (403, "no")
    assert answer.date.endswith("GMT")
    assert Host().https_status(url, ca_file=None) == 403


def test_no_answer_is_none(url: str) -> None:
    """Nothing listens; or the server speaks no TLS; or there is no CA to trust yet."""
    assert Host().get("http://127.0.0.1:1/", timeout=1) is None
    assert Host().get(url.replace("http", "https"), timeout=1) is None
    assert Host().get(url, ca_file="/no/such/ca.crt") is None


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, bytes]]:
    """A TLS server with a certificate of its own making: its port, and the certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=somebody")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    server.shutdown()
    server.server_close()


def test_a_servers_certificate_says_who_it_is(tls_server: tuple[int, bytes]) -> None:
    """Whatever name was asked for, and whoever signed it."""
    port, certificate = tls_server
    assert Host().server_certificate("127.0.0.1", port, server_name="api.example") == certificate


def test_a_server_without_a_handshake_has_no_certificate(url: str) -> None:
    """Nothing listens; or the server speaks no TLS."""
    plain = int(url.rstrip("/").rpartition(":")[2])
    for port in (1, plain):
        assert Host().server_certificate("127.0.0.1", port, server_name="a.example", timeout=1) is None


def test_a_host_is_silent_only_if_nothing_comes_back(url: str) -> None:
    """A refusal is an answer. So is a connection that a busy program has not accepted yet."""
    assert not Host().is_silent("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]), timeout=2)
    assert not Host().is_silent("127.0.0.1", 1, timeout=2)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as busy:
        address = busy.getsockname()
        assert not Host().is_silent(*address, timeout=0.2)
        # The kernel answers nothing more when as many wait as may: as a machine that is gone.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        assert Host().is_silent(*address, timeout=0.2)
        for each in waiting:
            each.close()


def test_space_is_that_of_the_file_system() -> None:
    """Of all of it, and what is free."""
    space = Host().space("/")
    assert 0 < space.free_bytes < space.total_bytes
