"""`python -m emulator.machines.proxy`: apply each line of routes on standard input until it is closed."""

import asyncio
import json
import logging
import os
import resource
import signal
import sys

from emulator.machines.proxy.routes import decode
from emulator.machines.proxy.server import Server

_MAX_LINE_BYTES = 1 << 24


async def _serve() -> None:
    reader = asyncio.StreamReader(limit=_MAX_LINE_BYTES)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    server = Server()
    while line := await reader.readline():
        errors = server.apply(decode(line.decode()))
        sys.stdout.write(json.dumps(errors) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Run until standard input is closed."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="proxy %(levelname)s: %(message)s")
    # Ctrl-C reaches the whole process group, but only the owner decides when this process exits.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_serve())
    # Do not wait for the threads that hold namespaces open.
    os._exit(0)


if __name__ == "__main__":
    main()
