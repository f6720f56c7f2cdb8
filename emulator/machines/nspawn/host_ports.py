"""Ports of this computer's loopback that lead to load balancers, which otherwise only their VPC reaches.

They are for clients on this computer. A file lists them. It changes when a load balancer is created or
deleted; a port stays the same as long as its load balancer exists.
"""

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from emulator.interfaces.network_facts import LoadBalancer
from emulator.machines.nspawn import balancing
from emulator.machines.nspawn.layout import StateFolder
from emulator.machines.proxy import Backend, Endpoint, Route
from emulator.processes import replace_file

HOST = "127.0.0.1"


class HostPorts:
    """Gives each listener of each load balancer a port. Needs the lock of its owner."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ports: dict[str, dict[str, int]] = {}

    def routes(self, balancers: Sequence[LoadBalancer], *, namespace: str) -> list[Route]:
        """The way from each port to the balancer's addresses in its VPC's namespace."""
        return [
            self._route(balancer, port, namespace)
            for balancer in balancers
            for port in sorted({listener.port for listener in balancer.listeners})
        ]

    def keep(self, balancers: Sequence[LoadBalancer]) -> None:
        """Forget the ports of all other balancers, and write the file if it changed."""
        there = {balancer.dns_name for balancer in balancers}
        self._ports = {name: ports for name, ports in self._ports.items() if name in there}
        text = json.dumps(self._ports, indent=2, sort_keys=True) + "\n"
        if not self._file.exists() or self._file.read_text(encoding="utf-8") != text:
            replace_file(self._file, text)

    def _route(self, balancer: LoadBalancer, port: int, namespace: str) -> Route:
        here = self._ports.setdefault(balancer.dns_name, {})
        if str(port) not in here:
            here[str(port)] = _free_port()
        # As the balancer's name resolves to those of its addresses that have a target.
        ways = [way for way in balancing.routes([balancer], namespace=namespace) if way.listen.port == port]
        return Route(
            listen=Endpoint(namespace=None, address=HOST, port=here[str(port)]),
            backends=tuple(
                Backend(to=way.listen, accepts_new=any(backend.accepts_new for backend in way.backends))
                for way in ways
            ),
        )


def read_host_ports(state_dir: Path) -> Mapping[str, Mapping[int, int]]:
    """DNS name of a load balancer → port of a listener → port of 127.0.0.1; empty if there are no machines.

    `state_dir` is the folder of the emulator's machines.
    """
    try:
        document = json.loads(StateFolder(state_dir.absolute()).host_ports.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {name: {int(port): here for port, here in ports.items()} for name, ports in document.items()}


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
