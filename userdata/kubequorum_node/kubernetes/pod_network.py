"""The pod network of this host: a bridge for its own pods, a VXLAN device to those of other nodes.

Runs as kubequorum-pod-network.service, and reconciles the kernel's tables with the Node objects.
"""

import json
from ipaddress import IPv4Network
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import pod_routes
from kubequorum_node.kubernetes.kubelet import ApiError, NodeApi
from kubequorum_node.kubernetes.pod_routes import DEVICE, Entries, Peer
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_CNI_CONFIG = "/etc/cni/net.d/10-kubequorum.conflist"
_NODES = "/api/v1/nodes"
_VNI = 4096
_PORT = 4789
"""IANA's port for VXLAN; the security groups allow it between nodes."""
_VXLAN_OVERHEAD = 50
_WATCH_SECONDS = 240
"""After that all nodes are listed again: a missed event is made up for."""
_PAUSE_SECONDS = 2.0


class PodNetwork:
    """The pod network of one host."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._api = NodeApi(node)
        self._peers: dict[str, Peer] = {}
        self._own: Peer | None = None
        self._version = ""

    def run(self) -> None:
        """Reconcile forever; failures are retried."""
        while True:
            try:
                self.synchronise()
                self._follow()
            except NodeError as error:
                warning(f"pod network: {error}")
                self._node.clock.sleep(_PAUSE_SECONDS)

    def synchronise(self) -> None:
        """Reconcile this host with all nodes."""
        own = self._wait_for_own_range()
        if own != self._own:
            self._set_up(own)
            self._own = own
        answer = self._api.get(_NODES)
        self._peers = {}
        for item in answer["items"]:
            self._take(item)
        self._apply()
        self._version = str(answer["metadata"]["resourceVersion"])

    def _follow(self) -> None:
        path = f"{_NODES}?watch=1&resourceVersion={self._version}&timeoutSeconds={_WATCH_SECONDS}"
        for event in self._api.watch(path, timeout=_WATCH_SECONDS + 30):
            if event["type"] == "ERROR":
                # The version is too old: list again.
                return
            before = dict(self._peers)
            if event["type"] == "DELETED":
                self._peers.pop(event["object"]["metadata"]["name"], None)
            else:
                self._take(event["object"])
            # Nodes report every few seconds; few reports concern the network.
            if self._peers != before:
                self._apply()

    def _take(self, item: dict[str, Any]) -> None:
        peer = pod_routes.peer_of(item)
        name = item["metadata"]["name"]
        if peer is None:
            self._peers.pop(name, None)
        else:
            self._peers[name] = peer

    def _wait_for_own_range(self) -> Peer:
        path = f"{_NODES}/{self._node.identity.node_name}"

        def look() -> Peer:
            try:
                peer = pod_routes.peer_of(self._api.get(path))
            except ApiError as error:
                raise NotYetError(str(error)) from error
            if peer is None:
                raise NotYetError("the node has no pod range yet: the controller manager assigns one")
            return peer

        return self._node.clock.poll(
            "pod range of this node", look, seconds=600, pause=0.2, longest_pause=2.0
        )

    def _set_up(self, own: Peer) -> None:
        run = self._node.host.run
        parent, mtu = self._parent()
        if not self._has_device(own):
            link = ("ip", "link", "add", DEVICE, "address", own.mac, "mtu", str(mtu), "type", "vxlan")
            tunnel = ("id", str(_VNI), "dstport", str(_PORT), "local", str(own.address), "nolearning")
            run(*link, *tunnel, "dev", parent)
            run("ip", "address", "add", f"{own.gateway}/32", "dev", DEVICE)
            run("ip", "link", "set", DEVICE, "up")
        run("nft", "-f", "-", stdin=masquerade(IPv4Network(self._node.document.pod_cidr)))
        self._node.host.write(_CNI_CONFIG, cni_config(own.pod_range, mtu=mtu))
        info(f"pods of this node get addresses from {own.pod_range}")

    def _has_device(self, own: Peer) -> bool:
        """Whether the device exists, is up and has the right addresses; a wrong one is removed."""
        shown = self._node.host.run("ip", "-json", "-details", "address", "show", "dev", DEVICE, check=False)
        if shown.returncode != 0:
            return False
        (link,) = json.loads(shown.stdout)
        found = (
            link["address"],
            link["linkinfo"]["info_data"].get("local"),
            [info["local"] for info in link["addr_info"] if info["family"] == "inet"],
            "UP" in link["flags"],
        )
        if found == (own.mac, str(own.address), [own.gateway], True):
            return True
        self._node.host.run("ip", "link", "del", DEVICE)
        return False

    def _parent(self) -> tuple[str, int]:
        """The interface with the node's address, and its MTU less VXLAN's overhead."""
        address = self._node.identity.address
        for interface in json.loads(self._node.host.run("ip", "-json", "-4", "address", "show").stdout):
            if address in [info.get("local") for info in interface.get("addr_info", [])]:
                return str(interface["ifname"]), int(interface["mtu"]) - _VXLAN_OVERHEAD
        raise NodeError(f"no interface of this host has its address {address}")

    def _apply(self) -> None:
        if self._own is None:
            return
        target = pod_routes.wanted(self._peers.values(), self._own)
        ip, bridge = pod_routes.changes(self._actual(), target)
        # Forwarding entries first: a route without one would drop packets.
        for program, lines in (("bridge", bridge), ("ip", ip)):
            if lines:
                self._node.host.run(program, "-force", "-batch", "-", stdin="\n".join(lines) + "\n")
        if ip or bridge:
            info(f"pod network: {len(target.routes)} other nodes")

    def _actual(self) -> Entries:
        def ask(*command: str) -> list[dict[str, Any]]:
            printed = self._node.host.run(*command).stdout.strip()
            found: list[dict[str, Any]] = json.loads(printed) if printed else []
            return found

        return pod_routes.parse(
            ask("ip", "-json", "route", "show", "dev", DEVICE),
            ask("ip", "-json", "neighbour", "show", "dev", DEVICE),
            ask("bridge", "-json", "fdb", "show", "dev", DEVICE),
        )


def cni_config(pod_range: IPv4Network, *, mtu: int) -> str:
    """CNI configuration of this node; once it exists, the kubelet reports the node as ready."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "mtu": mtu,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": str(pod_range)}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "kubequorum", "plugins": [bridge, ports]}, indent=1)


def masquerade(pod_cidr: IPv4Network) -> str:
    """Rules for nftables: outside the pod network, pods use their node's address: the VPC routes no other."""
    return f"""\
table ip kubequorum
delete table ip kubequorum
table ip kubequorum {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {pod_cidr} ip daddr != {pod_cidr} ip daddr != 224.0.0.0/4 masquerade
  }}
}}
"""
