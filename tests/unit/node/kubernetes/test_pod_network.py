"""The pod network on the real kernel: two network namespaces stand for two nodes. Needs root."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.host import Host, Result
from kubequorum_node.kubernetes import pod_network
from kubequorum_node.kubernetes.pod_device import cni_config, masquerade
from kubequorum_node.kubernetes.pod_network import PodNetwork
from tests.unit.node.fakes import FakeNode


def test_the_runtime_is_configured_with_the_nodes_own_range() -> None:
    """And an MTU that leaves room for VXLAN."""
    config = json.loads(cni_config(IPv4Network("10.128.3.0/24"), mtu=8951))
    bridge, ports = config["plugins"]
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.128.3.0/24"}]]
    assert bridge["mtu"] == 8951
    assert ports["type"] == "portmap"


def test_only_traffic_that_leaves_the_pod_network_changes_its_source() -> None:
    """Pods see each other's own addresses."""
    rules = masquerade(IPv4Network("10.128.0.0/14"))
    assert "ip saddr 10.128.0.0/14 ip daddr != 10.128.0.0/14" in rules


_KNOCK = """
import socket
with socket.socket() as knock:
    knock.settimeout(1)
    knock.bind(("10.128.1.9", 0))
    try:
        knock.connect(("10.128.2.9", 9))
    except ConnectionRefusedError:
        print("refused", end="")
    except OSError:
        print("no answer", end="")
"""
"""From one pod to a closed port of the other: a refusal has come all the way there and back."""


def _can_make_namespaces() -> bool:
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("bridge"):
        return False
    probe = ["unshare", "-n", "ip", "link", "add", "probe", "type", "vxlan", "id", "1", "dstport", "4789"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


class _NamespaceHost(Host):
    """Programs run in a network namespace; nft is only recorded where it is not installed."""

    def __init__(self, root: Path, namespace: str) -> None:
        super().__init__(root)
        self._namespace = namespace

    def run(
        self, *command: str, stdin: str | None = None, timeout: float = 120, check: bool = True
    ) -> Result:
        if command[0] == "nft" and not shutil.which("nft"):
            return Result(0, "table ip kubequorum")
        inside = ("ip", "netns", "exec", self._namespace, *command)
        return super().run(*inside, stdin=stdin, timeout=timeout, check=check)


class _Api:
    """The Node objects that both nodes see."""

    nodes: dict[str, Any]

    def get(self, path: str) -> Any:
        if path == "/api/v1/nodes":
            return {"items": list(self.nodes.values()), "metadata": {"resourceVersion": "1"}}
        return self.nodes[path.rpartition("/")[2]]


def _object(name: str, address: str, pod_range: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "creationTimestamp": f"2026-11-30T00:00:0{len(name)}Z"},
        "spec": {"podCIDR": pod_range},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


@pytest.fixture
def wire() -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable between them, gone with the test."""
    names = (f"kq-test-a-{os.getpid()}", f"kq-test-b-{os.getpid()}")

    def run(command: str) -> None:
        subprocess.run(command.split(), check=True, capture_output=True)

    try:
        for name in names:
            run(f"ip netns add {name}")
            run(f"ip -n {name} link set lo up")
        run(f"ip -n {names[0]} link add eth0 type veth peer name eth0 netns {names[1]}")
        for number, name in enumerate(names, start=1):
            run(f"ip -n {name} address add 10.20.99.{number}/24 dev eth0")
            run(f"ip -n {name} link set eth0 up")
            # A pod's address, where the bridge would have it.
            run(f"ip -n {name} address add 10.128.{number}.9/32 dev lo")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.mark.skipif(not _can_make_namespaces(), reason="needs root, ip, bridge and the kernel's vxlan")
def test_pods_of_two_nodes_reach_each_other_and_a_lost_node_is_forgotten(
    tmp_path: Path, wire: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon's own commands on the real kernel: set up, repeated, and taken back."""
    api = _Api()
    api.nodes = {
        "a": _object("a", "10.20.99.1", "10.128.1.0/24"),
        "b": _object("b", "10.20.99.2", "10.128.2.0/24"),
    }
    monkeypatch.setattr(pod_network, "NodeApi", lambda _: api)
    networks = []
    for number, (name, namespace) in enumerate(zip("ab", wire, strict=True), start=1):
        node = FakeNode(tmp_path / name)
        node.identity = replace(node.identity, instance_id=name, address=f"10.20.99.{number}")
        node.host = _NamespaceHost(tmp_path / name, namespace)  # type: ignore[assignment]
        networks.append(PodNetwork(node))
    for network in networks:
        network.synchronise()
        network.synchronise()

    def reaches() -> bool:
        inside = ["ip", "netns", "exec", wire[0], sys.executable, "-c", _KNOCK]
        return subprocess.run(inside, capture_output=True, check=True, text=True).stdout == "refused"

    assert reaches()
    assert (tmp_path / "a/etc/cni/net.d/10-kubequorum.conflist").exists()
    api.nodes.pop("b")
    networks[0].synchronise()
    assert not reaches()
    api.nodes["b"] = _object("b", "10.20.99.2", "10.128.2.0/24")
    networks[0].synchronise()
    assert reaches()
    subprocess.run(f"ip -n {wire[0]} link del kubequorum-vx".split(), check=True)
    assert not reaches()
    networks[0].synchronise()
    assert reaches()


@pytest.mark.skipif(not _can_make_namespaces(), reason="needs root, ip, bridge and the kernel's vxlan")
def test_a_restart_changes_nothing_that_is_right(
    tmp_path: Path, wire: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of the daemon, which happens at every update of it, must not cut off pods."""
    api = _Api()
    api.nodes = {
        "a": _object("a", "10.20.99.1", "10.128.1.0/24"),
        "b": _object("b", "10.20.99.2", "10.128.2.0/24"),
    }
    monkeypatch.setattr(pod_network, "NodeApi", lambda _: api)
    node = FakeNode(tmp_path)
    node.identity = replace(node.identity, instance_id="a", address="10.20.99.1")
    node.host = _NamespaceHost(tmp_path, wire[0])  # type: ignore[assignment]
    PodNetwork(node).synchronise()

    def index() -> str:
        show = f"ip -n {wire[0]} -oneline link show kubequorum-vx"
        return subprocess.run(show.split(), capture_output=True, check=True, text=True).stdout.split(":")[0]

    before = index()
    PodNetwork(node).synchronise()
    assert index() == before
