"""One thing at a time: a boot, or the watchdog's repairs, never both and never two of them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node

_LOCK = "/run/kubequorum-boot.lock"


class BusyError(NodeError):
    """Another boot or repair is under way."""


@contextmanager
def held(node: Node) -> Iterator[None]:
    """Let nothing else change this machine meanwhile.

    Raises:
        BusyError: something does so now.

    """
    path = node.host.path(_LOCK)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("another boot is running on this machine: wait for it") from error
        yield
