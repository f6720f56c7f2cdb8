"""Sockets in another network namespace than the process's own.

A socket stays in the namespace in which it was made, whoever uses it. So one
thread for each namespace enters it for good and makes the sockets; nothing
else runs there. Python 3.11 has no os.setns.
"""

import ctypes
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDER = Path("/run/netns")
"""Where `ip netns` keeps namespaces by name."""

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def path_of(name: str) -> Path:
    """The file of a named namespace."""
    return FOLDER / name


class SocketMaker:
    """Makes sockets in one network namespace. Methods may be called from any thread."""

    def __init__(self, namespace: Path | None) -> None:
        """Begin a thread that enters the namespace; None stands for the process's own."""
        self._executor = (
            ThreadPoolExecutor(
                max_workers=1, thread_name_prefix="netns", initializer=_enter, initargs=(namespace,)
            )
            if namespace is not None
            else None
        )

    def make(
        self,
        kind: socket.SocketKind = socket.SOCK_STREAM,
        *,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> socket.socket:
        """A socket of the namespace.

        Raises:
            OSError: the namespace could not be entered, or there are too many open files.
        """
        if self._executor is None:
            return socket.socket(family, kind)
        return self._executor.submit(socket.socket, family, kind).result()

    def bind(
        self, address: str, port: int, *, kind: socket.SocketKind = socket.SOCK_STREAM, backlog: int = 1024
    ) -> socket.socket:
        """A socket at an address of the namespace; a stream socket listens.

        Raises:
            OSError: the address does not exist there, or the port is taken.
        """
        made = self.make(kind)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
            if kind is socket.SOCK_STREAM:
                made.listen(backlog)
        except OSError as error:
            made.close()
            raise OSError(error.errno, f"{error.strerror}: cannot listen at {address}:{port}") from error
        return made

    def close(self) -> None:
        """End the thread, and with it its hold on the namespace; safe to repeat."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)


def _enter(namespace: Path) -> None:
    descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"{os.strerror(code)}: cannot enter the network namespace {namespace}")
    finally:
        os.close(descriptor)
