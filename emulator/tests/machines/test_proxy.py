"""The proxy process on loopback: where connections go, and when and how they end."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from emulator.machines.proxy import Backend, Endpoint, Proxy, Route

RESET_REQUEST = b"!"


class Echo:
    """A server that sends its name, then echoes its input; on `!` it resets the connection."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint(namespace=None, address="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Refuse new connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            connection.sendall(self._name)
            while data := connection.recv(65_536):
                if data == RESET_REQUEST:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                connection.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that stops at the end of the test."""
    made = Proxy()
    yield made
    made.close()


@pytest.fixture
def servers() -> Iterator[tuple[Echo, Echo]]:
    """Two servers named `a` and `b`."""
    both = Echo(b"a"), Echo(b"b")
    yield both
    for server in both:
        server.close()


@pytest.fixture
def listen() -> Endpoint:
    """A free address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Endpoint(namespace=None, address="127.0.0.1", port=free.getsockname()[1])


def connect(listen: Endpoint) -> socket.socket:
    """A connection to the proxy."""
    return socket.create_connection((listen.address, listen.port), timeout=10)


def ended(connection: socket.socket) -> bool:
    """Whether a connection is closed or reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something holds within ten seconds."""
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_all_bytes_pass_in_both_directions(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """Four MiB come back complete, although the client closes its direction before it has read them."""
    proxy.apply([Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))])
    sent = bytes(range(256)) * 16_384

    def send(connection: socket.socket) -> None:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

    with connect(listen) as connection:
        threading.Thread(target=send, args=(connection,)).start()
        got = b""
        while data := connection.recv(1 << 20):
            got += data
    assert got == b"a" + sent


def test_a_draining_backend_keeps_its_connections_and_gets_no_new_ones(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """When it is removed from the route, its connections are reset."""
    draining, fresh = Backend(to=servers[0].endpoint), Backend(to=servers[1].endpoint)
    proxy.apply([Route(listen=listen, backends=(draining,))])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.apply([Route(listen=listen, backends=(replace(draining, accepts_new=False), fresh))])
    for _ in range(5):
        with connect(listen) as new:
            assert new.recv(1) == b"b"
    old.sendall(b"still")
    assert old.recv(5) == b"still"
    proxy.apply([Route(listen=listen, backends=(fresh,))])
    with pytest.raises(ConnectionResetError):
        old.recv(1)
    old.close()


def test_connections_are_spread(proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint) -> None:
    """Of many connections, each backend gets some."""
    proxy.apply([Route(listen=listen, backends=tuple(Backend(to=server.endpoint) for server in servers))])

    def name() -> bytes:
        with connect(listen) as connection:
            return connection.recv(1)

    assert {name() for _ in range(40)} == {b"a", b"b"}


def test_a_connection_that_no_backend_accepts_is_reset(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """No backend at all, none that accepts new connections, and one whose server refuses."""
    refusing = Backend(to=servers[0].endpoint)
    servers[0].close()
    for backends in ((), (replace(refusing, accepts_new=False),), (refusing,)):
        proxy.apply([Route(listen=listen, backends=backends)])
        with pytest.raises(ConnectionResetError), connect(listen) as connection:
            connection.recv(1)


def test_a_reset_by_the_backend_reaches_the_client_as_a_reset(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """A normal close would tell the client that a response without a length is complete."""
    proxy.apply([Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))])
    with connect(listen) as connection:
        assert connection.recv(1) == b"a"
        connection.sendall(RESET_REQUEST)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_hairpin_connection_can_be_dropped(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """A client that is its own backend gets no answer, as if its address were preserved."""
    proxy.apply([Route(listen=listen, backends=(Backend(to=servers[0].endpoint),), drop_hairpin=True)])
    with connect(listen) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_removed_route_refuses_connections(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """Old connections end; the same route can be added again."""
    route = Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))
    proxy.apply([route])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.apply([])
    assert ended(old)
    with pytest.raises(ConnectionRefusedError):
        connect(listen)
    proxy.apply([route])
    with connect(listen) as connection:
        assert connection.recv(1) == b"a"


def test_a_port_in_use_affects_no_other_route(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the address that is in use; the other route works."""
    backends = (Backend(to=servers[0].endpoint),)
    in_use = Route(listen=servers[1].endpoint, backends=backends)
    proxy.apply([in_use, Route(listen=listen, backends=backends)])
    assert f"cannot listen at 127.0.0.1:{in_use.listen.port}" in caplog.text
    with connect(listen) as connection:
        assert connection.recv(1) == b"a"


def test_closing_stops_everything(servers: tuple[Echo, Echo], listen: Endpoint) -> None:
    """Connections end and the port is free; applying routes afterwards does nothing."""
    proxy = Proxy()
    route = Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))
    proxy.apply([route])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.close()
    proxy.close()
    assert ended(old)
    proxy.apply([route])
    assert eventually(lambda: _refused(listen))


def _refused(listen: Endpoint) -> bool:
    try:
        connect(listen).close()
    except ConnectionRefusedError:
        return True
    return False
