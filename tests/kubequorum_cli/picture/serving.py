"""A server of the live page, on a port of its own, with a history that the test fills."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kubequorum_cli.picture import assets
from kubequorum_cli.picture.history import History
from kubequorum_cli.picture.server import build_server

TOKEN = "a-token-that-nobody-guesses"


@dataclass(frozen=True, kw_only=True)
class Serving:
    """Where it is, and what it shows."""

    port: int
    history: History

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://127.0.0.1:{self.port}/{TOKEN}/"


@contextmanager
def serving(history: History | None = None) -> Iterator[Serving]:
    """One that runs as `picture` runs it, but looks at nothing by itself."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, history = listener.getsockname()[1], history or History()
        server = build_server(history, assets.load(), token=TOKEN, port=port)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield Serving(port=port, history=history)
        finally:
            server.should_exit = True
            thread.join()
