"""What the pod network needs of this host's kernel and files, apart from its entries for other nodes.

A VXLAN device, a table of nftables, settings of the kernel, the CNI configuration. None of it is assumed to
stay: a network that is restarted by hand loses the device, and `flush ruleset` of a firewall the table.
"""

import json
from ipaddress import IPv4Network

from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes.pod_routes import DEVICE, Peer
from kubequorum_node.node import Node
from kubequorum_node.system import kernel

_CNI_CONFIG = "/etc/cni/net.d/10-kubequorum.conflist"
_TABLE = ("ip", "kubequorum")
_VNI = 4096
_PORT = 4789
"""IANA's port for VXLAN; the security groups allow it between nodes."""
_VXLAN_OVERHEAD = 50


class PodDevice:
    """The pod network's own parts on one host."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._mtu = 0
        self._rules = ""
        """The table as nft listed it after this had loaded it."""

    def reconcile(self, own: Peer) -> list[str]:
        """Make what is missing or differs, and leave the rest alone; returns what that was.

        Raises:
            NodeError: it cannot be made.

        """
        made = kernel.restore_settings(self._node)
        if not self._has_device(own):
            self._make_device(own)
            made.append(f"device {DEVICE}")
        if (listed := self._listed_rules()) == "" or listed != self._rules:
            rules = masquerade(IPv4Network(self._node.document.pod_cidr))
            self._node.host.run("nft", "-f", "-", stdin=rules)
            self._rules = self._listed_rules()
            made.append(f"nftables' table {' '.join(_TABLE)}")
        if self._node.host.write(_CNI_CONFIG, cni_config(own.pod_range, mtu=self._known_mtu())):
            made.append(_CNI_CONFIG)
        return made

    def _make_device(self, own: Peer) -> None:
        run = self._node.host.run
        parent, self._mtu = self._parent()
        link = ("ip", "link", "add", DEVICE, "address", own.mac, "mtu", str(self._mtu), "type", "vxlan")
        tunnel = ("id", str(_VNI), "dstport", str(_PORT), "local", str(own.address), "nolearning")
        run(*link, *tunnel, "dev", parent)
        run("ip", "address", "add", f"{own.gateway}/32", "dev", DEVICE)
        run("ip", "link", "set", DEVICE, "up")

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

    def _listed_rules(self) -> str:
        """The table as the kernel has it, without counters; empty if it has none."""
        listed = self._node.host.run("nft", "--stateless", "list", "table", *_TABLE, check=False)
        return listed.stdout if listed.returncode == 0 else ""

    def _known_mtu(self) -> int:
        if not self._mtu:
            self._mtu = self._parent()[1]
        return self._mtu

    def _parent(self) -> tuple[str, int]:
        """The interface with the node's address, and its MTU less VXLAN's overhead."""
        address = self._node.identity.address
        for interface in json.loads(self._node.host.run("ip", "-json", "-4", "address", "show").stdout):
            if address in [info.get("local") for info in interface.get("addr_info", [])]:
                return str(interface["ifname"]), int(interface["mtu"]) - _VXLAN_OVERHEAD
        raise NodeError(f"no interface of this host has its address {address}")


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
