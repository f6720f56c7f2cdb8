"""Ports of loopback that lead to load balancers: which there are, and where their connections go."""

import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("machines need Linux", allow_module_level=True)

from emulator.interfaces.network_facts import Listener, LoadBalancer, Target, TargetGroup, ZonalAddress
from emulator.machines.nspawn import read_host_ports
from emulator.machines.nspawn.host_ports import HostPorts
from emulator.machines.nspawn.layout import StateFolder


def _balancer(name: str, *states: str) -> LoadBalancer:
    """One with an address and a target in each zone, and a target's state for each."""
    zones = [f"zone-{letter}" for letter, _ in zip("abc", states, strict=False)]
    targets = tuple(
        Target(address=f"10.0.{number}.9", port=6443, zone=zone, state=state)
        for number, (zone, state) in enumerate(zip(zones, states, strict=True))
    )
    group = TargetGroup(arn="group", preserve_client_ip=False, terminate_unhealthy=True, targets=targets)
    return LoadBalancer(
        arn=f"arn:{name}",
        dns_name=name,
        cross_zone=False,
        addresses=tuple(
            ZonalAddress(zone=zone, subnet_cidr=f"10.0.{number}.0/24", address=f"10.0.{number}.5")
            for number, zone in enumerate(zones)
        ),
        listeners=(Listener(port=6443, target_group=group),),
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a state folder."""
    file = StateFolder(tmp_path).host_ports
    file.parent.mkdir()
    return file


def test_a_port_stays_as_long_as_its_balancer(file: Path, tmp_path: Path) -> None:
    """Others may come and go, and so may targets; the file says the port in the words of the API."""
    ports = HostPorts(file)
    first, other = _balancer("one", "initial"), _balancer("other", "healthy")
    (route,) = ports.routes([first], namespace="/run/netns/vpc")
    ports.keep([first])
    ports.routes([_balancer("one", "healthy"), other], namespace="/run/netns/vpc")
    ports.keep([first, other])
    assert read_host_ports(tmp_path)["one"] == {6443: route.listen.port}
    assert set(read_host_ports(tmp_path)) == {"one", "other"}
    ports.keep([other])
    assert set(read_host_ports(tmp_path)) == {"other"}


def test_it_listens_on_loopback_of_this_computer_and_leads_to_addresses_with_targets(file: Path) -> None:
    """As the balancer's name resolves: an address whose zone has no target gets no new connection."""
    (route,) = HostPorts(file).routes([_balancer("one", "healthy", "initial")], namespace="/run/netns/vpc")
    assert (route.listen.namespace, route.listen.address) == (None, "127.0.0.1")
    ways = {way.to.address: way.accepts_new for way in route.backends}
    assert ways == {"10.0.0.5": True, "10.0.1.5": False}
    assert {(way.to.namespace, way.to.port) for way in route.backends} == {("/run/netns/vpc", 6443)}


def test_without_machines_there_are_no_ports(tmp_path: Path) -> None:
    """A folder that never had any is no error."""
    assert read_host_ports(tmp_path / "nothing") == {}
