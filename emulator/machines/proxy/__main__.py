"""`python -m emulator.machines.proxy`: apply each line of routes on standard input, until that ends."""

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
        problems = server.apply(decode(line.decode()))
        sys.stdout.write(json.dumps(problems) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Run until the end of standard input."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="proxy %(levelname)s: %(message)s")
    # Who started this tells it when to end, by closing its input; a Ctrl-C is not meant for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_serve())
    # Threads that hold namespaces have nothing left to do.
    os._exit(0)


if __name__ == "__main__":
    main()
