"""The moment at which three masters are ready, watched from outside and in the same way whoever made them."""

import contextlib
import http.client
import ssl
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from benchmarks.launches import first_launch
from benchmarks.standing import Standing
from kubequorum_cli.errors import CommandError

if TYPE_CHECKING:
    from emulator.machines.namespaces import SocketMaker

_MASTERS = 3
_API_PORT = 6443
_POLL_SECONDS = 0.1
_FIND_SECONDS = 0.5
_ANSWER_SECONDS = 2.0
# The API server's own checks of the etcd member beside it: that it answers, and that a leader serves a read.
_ETCD_IS_WELL = (b"[+]etcd ok", b"[+]etcd-readiness ok")


class Readiness:
    """Watches in a thread of its own, while something else launches the machines."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._ended = threading.Event()
        self._ready: dict[str, float] = {}
        self._launched: float | None = None
        self._thread = threading.Thread(target=self._watch, name="readiness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def seconds(self, *, limit: float) -> float:
        """From the launch of the first machine until /readyz said 200 on all three, etcd included.

        Raises:
            CommandError: they are not within `limit` seconds from now; with the end of a console.
        """
        self._thread.join(limit)
        if len(self._ready) < _MASTERS or self._launched is None:
            consoles = [self._standing.console(instance_id) for instance_id in self._standing.instances()]
            raise CommandError(
                f"{len(self._ready)} of {_MASTERS} masters are ready after {limit:.0f} s more",
                why="\n".join(console[-2000:] for console in consoles),
            )
        return max(self._ready.values()) - self._launched

    def _watch(self) -> None:
        # Here, and not above: what they need exists on Linux only.
        from emulator.machines.namespaces import SocketMaker, path_of
        from emulator.machines.nspawn.naming import Names

        while (launched := first_launch(self._standing.settings)) is None:
            if self._ended.wait(_POLL_SECONDS):
                return
        addresses: set[str] = set()
        vpc_id = ""
        while len(addresses) < _MASTERS:
            if self._ended.wait(_FIND_SECONDS):
                return
            found = self._standing.instances().values()
            addresses = {instance["PrivateIpAddress"] for instance in found}
            vpc_id = next((instance["VpcId"] for instance in found), "")
        maker = SocketMaker(path_of(Names.of(self._standing.settings.machines_state).vpc(vpc_id)))
        try:
            while addresses - self._ready.keys() and not self._ended.wait(_POLL_SECONDS):
                for address in addresses - self._ready.keys():
                    if is_ready(maker, address):
                        self._ready[address] = time.time()
        finally:
            maker.close()
        # Looked at again: a machine of which the first look saw nothing may have been the first.
        self._launched = min(launched, first_launch(self._standing.settings) or launched)


def is_ready(maker: "SocketMaker", address: str) -> bool:
    """Whether the API server at an address says 200 at /readyz, and that the etcd beside it is well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(address, _API_PORT)
    try:
        with contextlib.closing(maker.make()) as plain:
            plain.settimeout(_ANSWER_SECONDS)
            plain.connect((address, _API_PORT))
            connection.sock = context.wrap_socket(plain)
            connection.request("GET", "/readyz?verbose")
            answer = connection.getresponse()
            body = answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return answer.status == http.client.OK and all(text in body for text in _ETCD_IS_WELL)
