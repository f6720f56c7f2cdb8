"""One connection through the proxy: what either side sends goes to the other, until both are at their end."""

import asyncio
import contextlib
import socket
import struct

_CHUNK_BYTES = 1 << 18
_IDLE_SECONDS = 350
"""After this long without a packet a Network Load Balancer forgets a TCP connection; here, probes begin."""
_LOST_MILLISECONDS = 30_000
"""For how long sent data may stay unacknowledged: a machine that is cut off says nothing."""


async def relay(client: socket.socket, server: socket.socket) -> None:
    """Copy in both directions; returns when both are done, or one connection broke. Closes both."""
    for side in (client, server):
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST_MILLISECONDS)
    copies = [asyncio.create_task(_copy(client, server)), asyncio.create_task(_copy(server, client))]
    in_order = False
    try:
        await asyncio.gather(*copies)
        in_order = True
    except OSError:
        pass
    finally:
        for copy in copies:
            copy.cancel()
        for side in (client, server):
            side.close() if in_order else reset(side)


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset, as from a load balancer without a target."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def _copy(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    buffer = bytearray(_CHUNK_BYTES)
    while size := await loop.sock_recv_into(source, buffer):
        await loop.sock_sendall(target, memoryview(buffer)[:size])
    # The end of one direction is not the end of the other.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
