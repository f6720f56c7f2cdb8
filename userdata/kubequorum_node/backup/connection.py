"""HTTP connections to etcd: over TLS to a member, over a Unix socket to a private one."""

import http.client
import socket
import ssl
from collections.abc import Callable

Connect = Callable[[float], http.client.HTTPConnection]
"""Makes a connection whose operations time out after so many seconds."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def over_unix(path: str) -> Connect:
    """Connect to an etcd that listens on a Unix socket."""
    return lambda timeout: _UnixConnection(path, timeout=timeout)


def over_tcp(host: str, port: int, *, tls: Callable[[], ssl.SSLContext] | None = None) -> Connect:
    """Connect to an etcd that listens on a port.

    Args:
        host: name or address.
        port: number.
        tls: makes the context; called for each connection, because certificates are renewed on disk.

    """
    if tls is None:
        return lambda timeout: http.client.HTTPConnection(host, port, timeout=timeout)
    return lambda timeout: http.client.HTTPSConnection(host, port, timeout=timeout, context=tls())


def client_tls(*, ca_file: str, certificate_file: str, key_file: str) -> Callable[[], ssl.SSLContext]:
    """Trust one CA, and show a client certificate."""

    def context() -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=ca_file)
        made.load_cert_chain(certificate_file, key_file)
        return made

    return context
