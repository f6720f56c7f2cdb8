"""What the pod network has on a host is lost at times, while the daemon runs: it comes back by itself."""

import json
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.host import Result
from kubequorum_node.kubernetes import pod_network
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.kubernetes.pod_routes import DEVICE, Peer
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

OWN = Peer(IPv4Network("10.128.1.0/24"), IPv4Address(examples.IDENTITY.address))
CNI = "/etc/cni/net.d/10-kubequorum.conflist"
FORWARD = "/proc/sys/net/ipv4/ip_forward"


def _object(name: str, address: str, pods: str) -> dict[str, Any]:
    status = {"addresses": [{"type": "InternalIP", "address": address}]}
    metadata = {"name": name, "resourceVersion": "7"}
    return {"metadata": metadata, "spec": {"podCIDR": pods}, "status": status}


class _Api:
    """The API with two nodes; its watches bring what `events` says, and then let `in_between` happen."""

    def __init__(self) -> None:
        self.is_there = True
        self.watched: list[str] = []
        self.events: list[list[dict[str, Any]]] = []
        self.in_between: Callable[[], None] = lambda: None

    def get(self, path: str) -> Any:
        if not self.is_there:
            raise ApiError("no answer")
        own = _object("own", str(OWN.address), str(OWN.pod_range))
        both = [own, _object("other", "10.20.1.6", "10.128.2.0/24")]
        return {"items": both, "metadata": {"resourceVersion": "1"}} if path == "/api/v1/nodes" else own

    def watch(self, path: str, *, timeout: float) -> Iterator[dict[str, Any]]:
        assert timeout
        self.watched.append(path)
        yield from self.events.pop(0) if self.events else [{"type": "ERROR"}]
        self.in_between()


class _Kernel:
    """What of it the pod network touches."""

    def __init__(self, node: FakeNode) -> None:
        self.device = False
        self.table = ""
        self.routes = ""
        self.writes_fail = False
        self._node = node
        host = node.host
        interface = {"ifname": "ens5", "mtu": 9001, "addr_info": [{"local": node.identity.address}]}
        host.on("ip -json -4 address show", json.dumps([interface]))
        host.on("ip -json -details address show", lambda *_: self._show_device())
        for command in ("ip address add", "ip link set"):
            host.on(command, None)
        host.on("ip link add", lambda *_: self._make_device())
        host.on("nft -f -", self._load_table)
        host.on("nft --stateless list table", lambda *_: Result(0 if self.table else 1, self.table))
        host.on("ip -force", self._add_routes)
        host.on("bridge", "")
        host.on("ip -json route show", lambda *_: self.routes)
        host.on("ip -json neighbour show", "")
        host.on("sysctl --quiet --write", self._write_setting)

    def lose_device(self) -> None:
        self.device, self.routes = False, ""

    def _make_device(self) -> None:
        self.device = True

    def _show_device(self) -> Result:
        if not self.device:
            return Result(1, "", f'Device "{DEVICE}" does not exist.')
        link = {
            "address": OWN.mac,
            "linkinfo": {"info_data": {"local": str(OWN.address)}},
            "addr_info": [{"family": "inet", "local": OWN.gateway}],
            "flags": ["UP"],
        }
        return Result(0, json.dumps([link]))

    def _load_table(self, _: tuple[str, ...], rules: str | None) -> None:
        self.table = rules or ""

    def _add_routes(self, _: tuple[str, ...], lines: str | None) -> None:
        assert self.device
        if "route replace 10.128.2.0/24" in (lines or ""):
            self.routes = json.dumps([{"dst": "10.128.2.0/24", "gateway": "10.128.2.0"}])

    def _write_setting(self, command: tuple[str, ...], _: str | None) -> Result:
        if self.writes_fail:
            return Result(1, "", "read-only file system")
        key, _, value = command[-1].partition("=")
        self._node.host.write(f"/proc/sys/{key.replace('.', '/')}", f"{value}\n")
        return Result(0, "")


class _Network:
    """A pod network that runs, with its surroundings."""

    def __init__(self, node: FakeNode) -> None:
        self.host, self.api, self.kernel = node.host, _Api(), _Kernel(node)
        node.host.write(FORWARD, "1\n")
        self.daemon = PodNetwork(node)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Network:
    """One that is complete."""
    made: list[_Network] = []
    monkeypatch.setattr(pod_network, "NodeApi", lambda _: made[0].api if made else None)
    node = FakeNode(tmp_path)
    found = _Network(node)
    made.append(found)
    found.daemon = PodNetwork(node)
    found.daemon.synchronise()
    assert found.kernel.device
    assert found.kernel.routes
    assert found.kernel.table
    return found


def test_what_is_there_is_left_alone(network: _Network) -> None:
    """A table that is loaded again loses its connections' counters; a device, all pods' connections."""
    network.host.commands.clear()
    network.daemon.synchronise()
    assert network.host.ran("nft -f") == []
    assert network.host.ran("ip link") == []
    assert network.host.ran("sysctl") == []


def test_a_device_that_is_lost_comes_back_with_its_routes(network: _Network) -> None:
    """Somebody has restarted the host's network."""
    network.kernel.lose_device()
    network.daemon.synchronise()
    assert network.kernel.device
    assert network.kernel.routes


@pytest.mark.parametrize("left", ["", "table ip kubequorum { chain postrouting { } }"])
def test_a_table_that_is_lost_or_changed_is_loaded_again(network: _Network, left: str) -> None:
    """`flush ruleset`, or a rule that was deleted from it."""
    network.kernel.table = left
    network.daemon.synchronise()
    assert "masquerade" in network.kernel.table


def test_settings_and_files_are_restored(network: _Network) -> None:
    """A hardening job turns forwarding off; a cleanup removes the runtime's configuration."""
    network.host.write(FORWARD, "0\n")
    network.host.path(CNI).unlink()
    network.daemon.synchronise()
    assert network.host.read(FORWARD) == "1\n"
    assert network.host.path(CNI).exists()


def test_a_setting_that_cannot_be_written_does_not_stop_the_rest(network: _Network) -> None:
    """It is logged; the device is restored all the same."""
    network.host.write(FORWARD, "0\n")
    network.kernel.writes_fail = True
    network.kernel.lose_device()
    network.daemon.synchronise()
    assert network.kernel.device


def test_a_loss_is_noticed_between_two_watches(network: _Network) -> None:
    """Nothing changes in the cluster, nodes are not listed again, and the device is lost meanwhile."""
    network.api.events = [[], []]
    network.api.in_between = network.kernel.lose_device
    network.daemon._follow()
    assert network.kernel.device
    assert network.kernel.routes


def test_a_loss_is_repaired_without_the_api(network: _Network) -> None:
    """The nodes are those that were known last."""
    network.api.is_there = False
    network.kernel.lose_device()
    with pytest.raises(Exception, match="no answer"):
        network.daemon.synchronise()
    assert network.kernel.routes


def test_a_watch_goes_on_where_the_last_one_ended(network: _Network) -> None:
    """Bookmarks move it on while nothing changes: otherwise its version would become too old."""
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "42"}}}
    network.api.events = [[bookmark], []]
    network.daemon._follow()
    versions = [path.partition("resourceVersion=")[2].partition("&")[0] for path in network.api.watched]
    assert versions == ["1", "42", "42"]
