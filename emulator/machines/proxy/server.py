"""Listeners of the proxy process, reconciled with the routes that were applied last."""

import asyncio
import logging
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from emulator.machines.namespaces import SocketMaker
from emulator.machines.proxy.relay import ignore, relay, reset
from emulator.machines.proxy.routes import Backend, Endpoint, Route, namespaces

_log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_SECONDS = 10.0
_IP_BIND_ADDRESS_NO_PORT = 24
"""From linux/in.h; Python 3.11 does not name it."""


class Server:
    """All routes of one process. Use it in the event loop's thread only."""

    def __init__(self) -> None:
        self._socket_makers: dict[str | None, SocketMaker] = {None: SocketMaker(None)}
        self._listeners: dict[Endpoint, _Listener] = {}

    def apply(self, routes: Sequence[Route]) -> list[str]:
        """Open, change and close listeners; returns an error message for each that cannot be opened."""
        desired = {route.listen: route for route in routes}
        for endpoint in self._listeners.keys() - desired.keys():
            self._listeners.pop(endpoint).close()
        errors = []
        for endpoint, route in desired.items():
            if endpoint in self._listeners:
                self._listeners[endpoint].change(route)
                continue
            try:
                self._listeners[endpoint] = _Listener(route, self)
            except OSError as error:
                errors.append(str(error))
        for unused in self._socket_makers.keys() - {None} - namespaces(routes):
            self._socket_makers.pop(unused).close()
        return errors

    def socket_maker(self, namespace: str | None) -> SocketMaker:
        """Makes sockets in a namespace."""
        if namespace not in self._socket_makers:
            self._socket_makers[namespace] = SocketMaker(Path(namespace) if namespace else None)
        return self._socket_makers[namespace]


class _Listener:
    def __init__(self, route: Route, server: Server) -> None:
        self._route = route
        self._server = server
        self._connections: dict[asyncio.Task[None], Endpoint] = {}
        listen = route.listen
        self._socket = server.socket_maker(listen.namespace).bind(listen.address, listen.port)
        self._socket.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    def change(self, route: Route) -> None:
        """Use other backends; connections to backends that are not among them end."""
        self._route = route
        kept = {backend.to for backend in route.backends}
        for task, endpoint in list(self._connections.items()):
            if endpoint not in kept:
                task.cancel()

    def close(self) -> None:
        self._accepting.cancel()
        self._socket.close()
        for task in self._connections:
            task.cancel()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                _log.warning("%s: %s", self._route.listen, error)
                await asyncio.sleep(0.1)
                continue
            client.setblocking(False)
            accepting = [backend for backend in self._route.backends if backend.accepts_new]
            if not accepting:
                reset(client)
                continue
            # A Network Load Balancer hashes addresses and ports: for a new connection as good as random.
            backend = random.choice(accepting)
            task = asyncio.create_task(self._serve(client, backend))
            self._connections[task] = backend.to
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("connection failed", exc_info=error)

    async def _serve(self, client: socket.socket, backend: Backend) -> None:
        try:
            if self._route.drop_hairpin and client.getpeername()[0] == backend.to.address:
                await ignore(client)
                reset(client)
                return
            server = await self._connect(backend)
        except OSError:
            reset(client)
            return
        except BaseException:
            reset(client)
            raise
        await relay(client, server)

    async def _connect(self, backend: Backend) -> socket.socket:
        """A connection to the backend; OSError, TimeoutError included, if there is none."""
        made = self._server.socket_maker(backend.to.namespace).make()
        try:
            made.setblocking(False)
            if backend.source is not None:
                # The port is chosen when connecting: many connections may share a source address.
                made.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                made.bind((backend.source, 0))
            async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
                await asyncio.get_running_loop().sock_connect(made, (backend.to.address, backend.to.port))
        except BaseException:
            made.close()
            raise
        return made
