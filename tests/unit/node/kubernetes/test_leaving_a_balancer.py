"""A master leaves a load balancer that goes on sending: a real proxy, real TLS, real time. Loopback only."""

import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emulator.machines.proxy import Backend, Endpoint, Proxy, Route
from kubequorum_node.clock import Clock
from kubequorum_node.document import API_PORT
from kubequorum_node.host import Host
from kubequorum_node.kubernetes import load_balancer
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import TARGETS

LEAVING, STAYING, BALANCER = "127.66.0.2", "127.66.0.3", ("127.66.1.1", "127.66.1.2")
_SERVES_ON_SECONDS = 2.0


class _Host(Host):
    """This computer; the API's name leads to the load balancer's addresses."""

    def resolve(self, name: str) -> set[str]:
        assert name
        return set(BALANCER)


class _ApiServer(ThreadingHTTPServer):
    """An API server with a certificate of its own; it notes when connections came."""

    def __init__(self, address: str, folder: Path) -> None:
        key, certificate = folder / f"{address}.key", folder / f"{address}.crt"
        kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=api")
        files = ("-keyout", str(key), "-out", str(certificate))
        subprocess.run(["openssl", "req", "-x509", *kind, *files], check=True, capture_output=True)
        super().__init__((address, API_PORT), BaseHTTPRequestHandler)
        self.came: list[float] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def verify_request(self, *_: object) -> bool:
        self.came.append(time.monotonic())
        return True

    def handle_error(self, *_: object) -> None:
        """A client that shakes hands and goes."""


def _routes(*targets: str) -> list[Route]:
    def at(address: str) -> Endpoint:
        return Endpoint(namespace=None, address=address, port=API_PORT)

    return [
        Route(listen=at(address), backends=tuple(Backend(to=at(target)) for target in targets))
        for address in BALANCER
    ]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[_ApiServer, _ApiServer]]:
    """The master that leaves, and another one."""
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(_ApiServer(address, tmp_path)) for address in (LEAVING, STAYING)]
        yield made[0], made[1]
        for server in made:
            server.shutdown()


def test_a_master_stops_only_when_the_balancer_has_stopped_sending(
    node: FakeNode, servers: tuple[_ApiServer, _ApiServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API says `draining` at once; connections come for two more seconds, and none after it has left."""
    monkeypatch.setattr(load_balancer, "_QUIET_SECONDS", 1.5)
    leaving, _ = servers
    node.host = _Host(node.host.path("/"))  # type: ignore[assignment]
    node.clock = Clock()  # type: ignore[assignment]
    node.identity = replace(node.identity, address=LEAVING)
    node.aws.target_groups = {TARGETS: "healthy"}
    proxy = Proxy()
    try:
        proxy.apply(_routes(LEAVING, STAYING))
        stopped_at: list[float] = []

        def stop_sending() -> None:
            proxy.apply(_routes(STAYING))
            stopped_at.append(time.monotonic())

        threading.Timer(_SERVES_ON_SECONDS, stop_sending).start()
        load_balancer.leave(node)
        left_at = time.monotonic()
        assert stopped_at, "it left while the balancer still sent"
        assert stopped_at[0] < left_at
        came = len(leaving.came)
        for address in BALANCER * 20:
            node.host.server_certificate(address, API_PORT, server_name="api")
        assert len(leaving.came) == came
    finally:
        proxy.close()
