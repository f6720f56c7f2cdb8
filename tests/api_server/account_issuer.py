"""The way from an API server to the token issuer of an emulated AWS account, which has a name of AWS's."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from tests.api_server.programs import self_signed


class _Proxy(ThreadingHTTPServer):
    """Takes every tunnel to port 443 for one to the emulator, and ends its TLS."""

    def __init__(self, emulator_url: str, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnels)
        self.emulator = emulator_url.removeprefix("http://")
        self.tls = tls
        self.asked: list[str] = []


class _Tunnels(BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        proxy = cast("_Proxy", self.server)
        proxy.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        with proxy.tls.wrap_socket(self.connection, server_side=True) as inside:
            _Inside(inside, self.client_address, proxy)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Inside(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        upstream = http.client.HTTPConnection(cast("_Proxy", self.server).emulator, timeout=20)
        upstream.request("GET", self.path, headers={"Host": self.headers["Host"]})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Way:
    """What an API server needs to reach the issuer."""

    def __init__(self, proxy: _Proxy, certificate: Path) -> None:
        self._proxy = proxy
        self.environment = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_port}"}
        self.authority = certificate.read_text(encoding="utf-8")

    @property
    def asked(self) -> list[str]:
        """Hosts that tunnels were opened to, with their ports."""
        return self._proxy.asked


@contextmanager
def way_to(host: str, emulator_url: str, folder: Path) -> Iterator[Way]:
    """Lead requests for `https://<host>` to an emulator."""
    certificate, key = self_signed(folder, name=f"DNS:{host}")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    proxy = _Proxy(emulator_url, tls)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield Way(proxy, certificate)
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
