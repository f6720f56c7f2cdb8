"""A lock: either one boot or one repair of the watchdog runs, never two."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node

_LOCK = "/run/kubequorum-boot.lock"


class BusyError(NodeError):
    """Another boot or repair is running."""


@contextmanager
def held(node: Node) -> Iterator[None]:
    """Keep other boots and repairs away.

    Raises:
        BusyError: one is running.

    """
    path = node.host.path(_LOCK)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("another boot or repair is running on this host: wait until it ends") from error
        yield
