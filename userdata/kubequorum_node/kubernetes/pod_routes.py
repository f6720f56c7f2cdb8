"""Which routes, neighbours and forwarding entries the pod network needs: pure functions.

Pods of other nodes are reached through a VXLAN device. For each node there is a route to its pod range via
the first address of that range, a neighbour entry that maps this address to the MAC of the node's VXLAN
device, and a forwarding entry that maps the MAC to the node's address. The MAC is derived from the node's
address, so that every node can compute all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

DEVICE = "kubequorum-vx"


@dataclass(frozen=True, order=True)
class Peer:
    """A node as the pod network sees it."""

    pod_range: IPv4Network
    address: IPv4Address
    created: str = field(default="", compare=False)
    """Creation time of its Node, RFC 3339 in UTC."""

    @property
    def gateway(self) -> str:
        """Address of its VXLAN device: the first of its pod range, which no pod gets."""
        return str(self.pod_range.network_address)

    @property
    def mac(self) -> str:
        """MAC of its VXLAN device: locally administered, then the node's address."""
        return ":".join(f"{byte:02x}" for byte in (0x02, 0x4B, *self.address.packed))


@dataclass(frozen=True)
class Entries:
    """The kernel's entries for the VXLAN device, actual or wanted."""

    routes: frozenset[tuple[str, str]]
    """Pod range, gateway."""
    neighbours: frozenset[tuple[str, str]]
    """Gateway, MAC."""
    forwarding: frozenset[tuple[str, str]]
    """MAC, address of the node."""


def wanted(peers: Iterable[Peer], own: Peer) -> Entries:
    """The entries for a set of nodes.

    A stale Node object may exist for a while beside its successor's, which has another pod range and may have
    the same address: both are kept, as they do not conflict.
    """
    others = [peer for peer in peers if peer != own and peer.pod_range != own.pod_range]
    return Entries(
        routes=frozenset((str(p.pod_range), p.gateway) for p in others),
        neighbours=frozenset((p.gateway, p.mac) for p in others),
        forwarding=frozenset((p.mac, str(p.address)) for p in others),
    )


def changes(actual: Entries, target: Entries) -> tuple[list[str], list[str]]:
    """Lines for `ip -batch` and `bridge -batch` that turn one into the other; additions come first."""
    ip = [
        f"neighbour replace {gateway} lladdr {mac} dev {DEVICE} nud permanent"
        for gateway, mac in sorted(target.neighbours - actual.neighbours)
    ]
    ip += [
        f"route replace {pods} via {gateway} dev {DEVICE} onlink"
        for pods, gateway in sorted(target.routes - actual.routes)
    ]
    kept_routes = {pods for pods, _ in target.routes}
    kept_gateways = {gateway for gateway, _ in target.neighbours}
    ip += [
        f"route del {pods} via {gateway} dev {DEVICE}"
        for pods, gateway in sorted(actual.routes - target.routes)
        if pods not in kept_routes
    ]
    ip += [
        f"neighbour del {gateway} dev {DEVICE}"
        for gateway, _ in sorted(actual.neighbours - target.neighbours)
        if gateway not in kept_gateways
    ]
    bridge = [
        f"fdb append {mac} dev {DEVICE} dst {address} self permanent"
        for mac, address in sorted(target.forwarding - actual.forwarding)
    ]
    bridge += [
        f"fdb del {mac} dev {DEVICE} dst {address} self permanent"
        for mac, address in sorted(actual.forwarding - target.forwarding)
    ]
    return ip, bridge


def parse(
    routes: list[dict[str, Any]], neighbours: list[dict[str, Any]], forwarding: list[dict[str, Any]]
) -> Entries:
    """The output of `ip -json route`, `ip -json neighbour` and `bridge -json fdb` for the device."""
    return Entries(
        routes=frozenset((r["dst"], r["gateway"]) for r in routes if "gateway" in r),
        neighbours=frozenset(
            (n["dst"], n["lladdr"]) for n in neighbours if "lladdr" in n and "PERMANENT" in n.get("state", [])
        ),
        forwarding=frozenset((f["mac"], f["dst"]) for f in forwarding if "dst" in f),
    )
