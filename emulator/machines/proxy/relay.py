"""One proxied connection: each side's data goes to the other until both have finished, or one fails."""

import asyncio
import contextlib
import socket
import struct

_CHUNK_BYTES = 1 << 18
_KEEPALIVE_IDLE_SECONDS = 350
"""A Network Load Balancer forgets a TCP connection after this long without a packet; here, probes start."""
_UNACKNOWLEDGED_MILLISECONDS = 30_000
"""How long sent data may stay unacknowledged: a machine that is cut off does not even reset."""


async def relay(client: socket.socket, server: socket.socket) -> None:
    """Copy in both directions, then close both: in order if both sides finished, else with a reset."""
    for side in (client, server):
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        side.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_SECONDS)
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MILLISECONDS)
    copies = [asyncio.create_task(_copy(client, server)), asyncio.create_task(_copy(server, client))]
    finished = False
    try:
        await asyncio.gather(*copies)
        finished = True
    except OSError:
        pass
    finally:
        for copy in copies:
            copy.cancel()
        for side in (client, server):
            side.close() if finished else reset(side)


async def ignore(client: socket.socket) -> None:
    """Read what the client sends, and answer nothing, until it gives up."""
    while await asyncio.get_running_loop().sock_recv(client, _CHUNK_BYTES):
        pass


def reset(connection: socket.socket) -> None:
    """Close so that the peer sees a reset, as from a load balancer without a target."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def _copy(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    buffer = bytearray(_CHUNK_BYTES)
    while size := await loop.sock_recv_into(source, buffer):
        await loop.sock_sendall(target, memoryview(buffer)[:size])
    # The other direction may continue.
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
