"""The moment at which three masters are ready, observed from outside, however they were made."""

import contextlib
import http.client
import ssl
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from benchmarks.launches import first_launch
from kubequorum_cli.errors import CommandError
from kubequorum_node.document import API_PORT
from lab.cluster import Cluster

if TYPE_CHECKING:
    from emulator.machines.namespaces import SocketMaker

_MASTERS = 3
_POLL_SECONDS = 0.1
_FIND_SECONDS = 0.5
_ANSWER_SECONDS = 2.0
# The API server's own checks of the etcd member beside it: that it answers, and that a leader serves a read.
_ETCD_IS_HEALTHY = (b"[+]etcd ok", b"[+]etcd-readiness ok")


class Readiness:
    """Watches in its own thread while the machines are launched."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
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
            CommandError: they are not within `limit` seconds from now; with the end of their consoles.
        """
        self._thread.join(limit)
        if len(self._ready) < _MASTERS or self._launched is None:
            consoles = [self._cluster.console(instance_id) for instance_id in self._instances()]
            raise CommandError(
                f"{len(self._ready)} of {_MASTERS} masters are ready after {limit:.0f} s more",
                why="\n".join(console[-2000:] for console in consoles),
            )
        return max(self._ready.values()) - self._launched

    def _instances(self) -> dict[str, dict[str, Any]]:
        """All of the account, by id: those of the baseline belong to no cluster."""
        states = {"Name": "instance-state-name", "Values": ["pending", "running"]}
        pages = self._cluster.client("ec2").get_paginator("describe_instances").paginate(Filters=[states])
        return {
            instance["InstanceId"]: dict(instance)
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        }

    def _watch(self) -> None:
        # Here, and not above: what they need exists on Linux only.
        from emulator.machines.namespaces import SocketMaker, path_of
        from emulator.machines.nspawn.naming import Names

        while (launched := first_launch(self._cluster.machines_state)) is None:
            if self._ended.wait(_POLL_SECONDS):
                return
        addresses: set[str] = set()
        vpc_id = ""
        while len(addresses) < _MASTERS:
            if self._ended.wait(_FIND_SECONDS):
                return
            found = self._instances().values()
            addresses = {instance["PrivateIpAddress"] for instance in found}
            vpc_id = next((instance["VpcId"] for instance in found), "")
        maker = SocketMaker(path_of(Names.of(self._cluster.machines_state).vpc(vpc_id)))
        try:
            while addresses - self._ready.keys() and not self._ended.wait(_POLL_SECONDS):
                for address in addresses - self._ready.keys():
                    if is_ready(maker, address):
                        self._ready[address] = time.time()
        finally:
            maker.close()
        # Again: the first machine may have been launched after the first look had passed its folder.
        self._launched = min(launched, first_launch(self._cluster.machines_state) or launched)


def is_ready(maker: "SocketMaker", address: str) -> bool:
    """Whether the API server at an address answers 200 at /readyz, and reports its etcd member as healthy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPConnection(address, API_PORT)
    try:
        with contextlib.closing(maker.make()) as plain:
            plain.settimeout(_ANSWER_SECONDS)
            plain.connect((address, API_PORT))
            connection.sock = context.wrap_socket(plain)
            connection.request("GET", "/readyz?verbose")
            answer = connection.getresponse()
            body = answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return answer.status == http.client.OK and all(text in body for text in _ETCD_IS_HEALTHY)
