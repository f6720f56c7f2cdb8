"""The proxy process, on loopback: where connections go, and when they end."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from emulator.machines.proxy import Backend, Endpoint, Proxy, Route


class Echo:
    """A server that sends back what it gets, and its name before that; it closes when its client is done."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint(namespace=None, address="127.0.0.1", port=self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Accept no more."""
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
                connection.sendall(data)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that ends with the test."""
    made = Proxy()
    yield made
    made.close()


@pytest.fixture
def servers() -> Iterator[tuple[Echo, Echo]]:
    """Two servers that say `a` and `b`."""
    both = Echo(b"a"), Echo(b"b")
    yield both
    for server in both:
        server.close()


@pytest.fixture
def listen() -> Endpoint:
    """An address that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Endpoint(namespace=None, address="127.0.0.1", port=free.getsockname()[1])


def connect(listen: Endpoint) -> socket.socket:
    """A connection to the proxy."""
    return socket.create_connection((listen.address, listen.port), timeout=10)


def ended(connection: socket.socket) -> bool:
    """Whether a connection ends, in whatever way."""
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


def test_all_bytes_go_through_in_both_directions(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """Four megabytes come back whole, also after the client has said that it is done."""
    proxy.tell([Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))])
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


def test_new_connections_go_where_they_are_accepted_and_old_ones_stay(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """A backend that drains keeps its connections and gets no new ones; when it leaves, they end."""
    draining, fresh = Backend(to=servers[0].endpoint), Backend(to=servers[1].endpoint)
    proxy.tell([Route(listen=listen, backends=(draining,))])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.tell([Route(listen=listen, backends=(replace(draining, accepts=False), fresh))])
    for _ in range(5):
        with connect(listen) as new:
            assert new.recv(1) == b"b"
    old.sendall(b"still")
    assert old.recv(5) == b"still"
    proxy.tell([Route(listen=listen, backends=(fresh,))])
    assert ended(old)
    old.close()


def test_connections_are_spread(proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint) -> None:
    """Of many connections each backend gets some."""
    proxy.tell([Route(listen=listen, backends=tuple(Backend(to=server.endpoint) for server in servers))])

    def name() -> bytes:
        with connect(listen) as connection:
            return connection.recv(1)

    assert {name() for _ in range(40)} == {b"a", b"b"}


def test_without_a_backend_that_answers_connections_are_reset(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """With none at all, with none that accepts, and with one that is not there."""
    gone = Backend(to=servers[0].endpoint)
    servers[0].close()
    for backends in ((), (replace(gone, accepts=False),), (gone,)):
        proxy.tell([Route(listen=listen, backends=backends)])
        with pytest.raises(ConnectionResetError), connect(listen) as connection:
            connection.recv(1)


def test_a_client_that_is_its_own_backend_can_be_left_without_an_answer(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """As behind a balancer that keeps the client's address."""
    proxy.tell([Route(listen=listen, backends=(Backend(to=servers[0].endpoint),), black_hole_own=True)])
    with connect(listen) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_a_route_that_is_gone_listens_no_more(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint
) -> None:
    """New connections are refused and old ones end; the same route may come back."""
    route = Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))
    proxy.tell([route])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.tell([])
    assert ended(old)
    with pytest.raises(ConnectionRefusedError):
        connect(listen)
    proxy.tell([route])
    with connect(listen) as connection:
        assert connection.recv(1) == b"a"


def test_a_port_that_is_taken_spoils_no_other_route(
    proxy: Proxy, servers: tuple[Echo, Echo], listen: Endpoint, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which address cannot be had; the other route works."""
    backends = (Backend(to=servers[0].endpoint),)
    taken = Route(listen=servers[1].endpoint, backends=backends)
    proxy.tell([taken, Route(listen=listen, backends=backends)])
    assert f"cannot listen at 127.0.0.1:{taken.listen.port}" in caplog.text
    with connect(listen) as connection:
        assert connection.recv(1) == b"a"


def test_closing_ends_everything(servers: tuple[Echo, Echo], listen: Endpoint) -> None:
    """Connections end and the port is free; telling it more does nothing."""
    proxy = Proxy()
    route = Route(listen=listen, backends=(Backend(to=servers[0].endpoint),))
    proxy.tell([route])
    old = connect(listen)
    assert old.recv(1) == b"a"
    proxy.close()
    proxy.close()
    assert ended(old)
    proxy.tell([route])
    assert eventually(lambda: _refused(listen))


def _refused(listen: Endpoint) -> bool:
    try:
        connect(listen).close()
    except ConnectionRefusedError:
        return True
    return False
