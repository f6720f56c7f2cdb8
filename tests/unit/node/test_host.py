"""The boundary to the network, with a real server on this computer."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


def test_space_is_that_of_the_file_system() -> None:
    """Of all of it, and what is free."""
    space = Host().space("/")
    assert 0 < space.free_bytes < space.total_bytes
