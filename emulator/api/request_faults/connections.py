"""Dropping a connection: the one thing that an ASGI application cannot do to its client."""

import asyncio
from contextvars import ContextVar

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer

_writer: ContextVar[asyncio.StreamWriter | None] = ContextVar("connection", default=None)


class _KnownConnection(TCPServer):
    """Makes its connection known to the tasks that serve its requests."""

    async def run(self) -> None:
        _writer.set(self.writer)
        await super().run()


def install() -> None:
    """Let hypercorn serve connections that can be dropped."""
    # hypercorn has no other way in; setattr, for it does not export the name.
    setattr(run, "TCPServer", _KnownConnection)  # noqa: B010


def drop() -> None:
    """Reset the connection of the request that is served now."""
    if (writer := _writer.get()) is not None:
        writer.transport.abort()
