"""Listeners of the proxy process, brought in line with the routes that it was told last."""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Sequence
from pathlib import Path

from emulator.machines.namespaces import SocketMaker
from emulator.machines.proxy.relay import relay, reset
from emulator.machines.proxy.routes import Backend, Endpoint, Route, namespaces

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0


class Server:
    """All routes of one process. Only for the event loop's thread."""

    def __init__(self) -> None:
        self._makers: dict[str | None, SocketMaker] = {None: SocketMaker(None)}
        self._listeners: dict[Endpoint, _Listener] = {}

    def apply(self, routes: Sequence[Route]) -> list[str]:
        """Open, change and close listeners; returns what was not possible, in words."""
        wanted = {route.listen: route for route in routes}
        for endpoint in self._listeners.keys() - wanted.keys():
            self._listeners.pop(endpoint).close()
        problems = []
        for endpoint, route in wanted.items():
            if endpoint in self._listeners:
                self._listeners[endpoint].change(route)
                continue
            try:
                self._listeners[endpoint] = _Listener(route, self)
            except OSError as error:
                problems.append(str(error))
        self._forget_namespaces(keep={str(path) for path in namespaces(routes)})
        return problems

    def maker(self, namespace: str | None) -> SocketMaker:
        """What makes sockets in a namespace."""
        if namespace not in self._makers:
            self._makers[namespace] = SocketMaker(Path(namespace) if namespace else None)
        return self._makers[namespace]

    def _forget_namespaces(self, *, keep: set[str]) -> None:
        for namespace in [name for name in self._makers if name is not None and name not in keep]:
            self._makers.pop(namespace).close()


class _Listener:
    def __init__(self, route: Route, server: Server) -> None:
        self._route = route
        self._server = server
        self._connections: dict[asyncio.Task[None], Endpoint] = {}
        self._socket = server.maker(route.listen.namespace).bind(route.listen.address, route.listen.port)
        self._socket.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    def change(self, route: Route) -> None:
        """Take other backends; connections to those that are not among them end."""
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
            accepting = [backend for backend in self._route.backends if backend.accepts]
            if not accepting:
                reset(client)
                continue
            # A balancer's choice by the connection's addresses and ports is as good as chance.
            backend = random.choice(accepting)
            task = asyncio.create_task(self._connect(client, backend))
            self._connections[task] = backend.to
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("connection failed", exc_info=error)

    async def _connect(self, client: socket.socket, backend: Backend) -> None:
        try:
            if self._route.black_hole_own and client.getpeername()[0] == backend.to.address:
                await asyncio.sleep(3600)
            made = self._server.maker(backend.to.namespace).make()
        except BaseException:
            reset(client)
            raise
        made.setblocking(False)
        try:
            if backend.source is not None:
                # The port is chosen when connecting: many connections may share a source.
                made.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                made.bind((backend.source, 0))
            address = (backend.to.address, backend.to.port)
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(made, address), _CONNECT_SECONDS)
        except BaseException as error:
            made.close()
            reset(client)
            if isinstance(error, OSError | TimeoutError):
                return
            raise
        with contextlib.suppress(ConnectionError):
            await relay(client, made)


_IP_BIND_ADDRESS_NO_PORT = 24
"""From linux/in.h; Python 3.11 does not name it."""
