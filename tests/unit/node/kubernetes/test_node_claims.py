"""What a Node says about its place in the network is not believed: a node writes it itself."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.host import CommandError
from kubequorum_node.kubernetes import pod_network
from kubequorum_node.kubernetes.node_claims import AddressPlan, ClaimError, believed, peer_of
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.kubernetes.pod_routes import Peer
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

PLAN = AddressPlan.of(examples.DOCUMENT)
B = Peer(IPv4Network("10.128.1.0/24"), IPv4Address("10.20.2.7"))


def _node(
    pod_range: str | None, address: str | None, *, name: str = "b", created: str = "1"
) -> dict[str, Any]:
    addresses = [{"type": "Hostname", "address": "x"}]
    if address is not None:
        addresses.append({"type": "InternalIP", "address": address})
    return {
        "metadata": {"name": name, "creationTimestamp": created, "resourceVersion": "2"},
        "spec": {"podCIDR": pod_range} if pod_range else {},
        "status": {"addresses": addresses},
    }


def test_a_node_is_a_peer_once_it_has_both_address_and_range() -> None:
    """The controller manager gives the range a moment after the node has registered."""
    assert peer_of(_node("10.128.1.0/24", "10.20.2.7"), PLAN) == B
    assert peer_of(_node(None, "10.20.2.7"), PLAN) is None
    assert peer_of(_node("10.128.1.0/24", None), PLAN) is None
    assert peer_of({}, PLAN) is None


@pytest.mark.parametrize(
    "pod_range",
    [
        pytest.param("10.20.0.5/32", id="a master's address"),
        pytest.param("10.128.1.4/32", id="a pod's address"),
        pytest.param("0.0.0.0/1", id="half of the world"),
        pytest.param("10.128.0.0/14", id="all pods"),
        pytest.param("10.128.0.0/23", id="the ranges of two nodes"),
        pytest.param("10.128.1.0/25", id="half of a node's range"),
        pytest.param("10.96.0.0/24", id="Services"),
        pytest.param("169.254.169.0/24", id="the metadata service"),
        pytest.param("10.128.1.7/24", id="host bits"),
        pytest.param("fd00::/64", id="IPv6"),
        pytest.param("x", id="no range"),
    ],
)
def test_a_range_that_no_node_can_have_is_refused(pod_range: str) -> None:
    """Only a range of a node's size, from the cluster's range of pods, is one."""
    with pytest.raises(ClaimError, match="pod range"):
        peer_of(_node(pod_range, "10.20.2.7"), PLAN)


@pytest.mark.parametrize("address", ["x", "", "fd00::1", "10.21.0.1", "127.0.0.1", "10.20.2.7/32", "0"])
def test_an_address_outside_the_vpc_is_refused(address: str) -> None:
    """A node writes its addresses itself."""
    with pytest.raises(ClaimError, match=r"not one of the VPC's 10\.20\.0\.0/16"):
        peer_of(_node("10.128.1.0/24", address), PLAN)


@pytest.mark.parametrize(
    "item", [{"spec": None}, {"status": {"addresses": [{}]}}, {"status": {"addresses": 1}}]
)
def test_what_is_no_node_object_is_refused(item: dict[str, Any]) -> None:
    """And does not end in a traceback."""
    with pytest.raises(ClaimError):
        peer_of(item, PLAN)


def test_of_two_nodes_with_one_range_the_older_keeps_it() -> None:
    """Whatever the names: the other has claimed what was given to somebody else."""
    old, young = replace(B, created="2026-01-01"), Peer(B.pod_range, IPv4Address("10.20.9.9"), "2026-01-02")
    kept, ignored = believed({"a-liar": young, "b": old})
    assert kept == {"b": old}
    assert list(ignored) == ["a-liar"]
    assert "10.128.1.0/24 is that of b" in ignored["a-liar"]


def test_a_successor_at_the_address_of_a_stale_node_is_believed() -> None:
    """Addresses are used again, and the stale Node object stays for some minutes."""
    successor = Peer(IPv4Network("10.128.2.0/24"), B.address, "2")
    assert believed({"b": replace(B, created="1"), "c": successor})[1] == {}


class _Api:
    """The Node objects that the daemon sees, and the events of its watch."""

    def __init__(self, *nodes: dict[str, Any]) -> None:
        self.nodes = {node["metadata"]["name"]: node for node in nodes}
        self.events: list[dict[str, Any]] = []

    def get(self, path: str) -> Any:
        if path == "/api/v1/nodes":
            return {"items": list(self.nodes.values()), "metadata": {"resourceVersion": "1"}}
        return self.nodes[path.rpartition("/")[2]]

    def watch(self, path: str, *, timeout: float) -> Any:
        assert path
        assert timeout > 0
        return iter(self.events)


@pytest.fixture
def lied_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PodNetwork, FakeNode, _Api]:
    """A master whose network has an honest node, and two that lie."""
    own, address = examples.IDENTITY.node_name, examples.IDENTITY.address
    api = _Api(
        _node("10.128.0.0/24", address, name=own, created="1"),
        _node("10.128.1.0/24", "10.20.2.7", name="honest", created="2"),
        _node("10.20.0.5/32", "10.20.2.8", name="liar", created="3"),
        _node("10.128.1.0/24", "10.20.2.8", name="thief", created="4"),
    )
    monkeypatch.setattr(pod_network, "NodeApi", lambda _: api)
    node = FakeNode(tmp_path)
    for program in ("ip", "bridge", "nft", "/usr/local/bin/kubectl"):
        node.host.on(program, "")
    interface = '[{"ifname": "ens5", "mtu": 9001, "addr_info": [{"local": "%s"}]}]'
    node.host.on("ip -json -4 address show", interface % address)
    link = '[{"address": "x", "flags": [], "linkinfo": {"info_data": {}}, "addr_info": []}]'
    node.host.on("ip -json -details address show", link)
    return PodNetwork(node), node, api


def _created_events(node: FakeNode) -> list[str]:
    commands = zip(node.host.commands, node.host.inputs, strict=True)
    return [text for command, text in commands if command[0].endswith("kubectl") and text is not None]


def test_lies_become_events_once_and_no_routes(lied_to: tuple[PodNetwork, FakeNode, _Api]) -> None:
    """The honest node is reached; each liar is reported about its own Node, and not every time."""
    network, node, _ = lied_to
    network.synchronise()
    network.synchronise()
    entries = "".join(text for text in node.host.inputs if text and "route replace" in text)
    assert "10.128.1.0/24" in entries
    assert "10.20.0.5" not in entries
    assert "10.20.2.8" not in "".join(text or "" for text in node.host.inputs if "fdb" in (text or ""))
    events = _created_events(node)
    assert len(events) == 2
    assert any('"name": "liar"' in text and "10.20.0.5/32" in text for text in events)
    assert any('"name": "thief"' in text and "is that of honest" in text for text in events)
    assert all('"reason": "NodeIgnored"' in text for text in events)


def test_a_lie_in_a_watch_does_not_end_the_daemon(lied_to: tuple[PodNetwork, FakeNode, _Api]) -> None:
    """A node that changes its address to nonsense is ignored from then on, and believed again after it."""
    network, node, api = lied_to
    network.synchronise()
    before = len(_created_events(node))
    lie, truth = (
        _node(str(B.pod_range), address, name="honest", created="2") for address in ("x", "10.20.2.7")
    )
    api.events = [{"type": "MODIFIED", "object": lie}, {"type": "MODIFIED", "object": truth}]
    network._watch()
    assert any("'x' is not one of the VPC's" in text for text in _created_events(node)[before:])
    last = next(text for text in reversed(node.host.inputs) if text and "route replace" in text)
    assert "10.128.1.0/24" in last


def test_an_event_that_cannot_be_written_changes_nothing(lied_to: tuple[PodNetwork, FakeNode, _Api]) -> None:
    """The API server may be what is unwell."""
    network, node, _ = lied_to

    def refuse(*_: object) -> str:
        raise CommandError("refused")

    node.host.on("/usr/local/bin/kubectl", refuse)
    network.synchronise()
    assert any("10.128.1.0/24" in text for text in node.host.inputs if text)
