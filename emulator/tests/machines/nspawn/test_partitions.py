"""Who reaches whom in a VPC, whole or partitioned: real packets between namespaces, without machines."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.interfaces.machines import Instance
from emulator.machines.namespaces import SocketMaker, path_of
from emulator.machines.nspawn import MachineImage, partitions
from emulator.machines.nspawn.commands import run
from emulator.machines.nspawn.naming import Names
from emulator.machines.nspawn.network import API_ADDRESS, DNS_ADDRESS, IMDS_ADDRESS, VpcNetwork
from emulator.machines.nspawn.partitions import Partitions
from emulator.tests.machines.nspawn.stand_ins import node

PORT = 8000
SECONDS = 0.4
"""How long a packet that is dropped is waited for."""
A, B = "us-east-1a", "us-east-1b"
ADDRESS_IN = {A: "10.0.16.100", B: "10.0.32.100"}
"""Of the load balancer."""


class Bench:
    """A VPC with machines that are namespaces with a listener each."""

    def __init__(self, names: Names, root: Path) -> None:
        self.names = names
        self.network = VpcNetwork(names=names, vpc_id="vpc-1", vpc_cidr="10.0.0.0/16")
        self.partitions = Partitions(path_of(self.network.name), root=root)
        self.partitions.balancers_are({address: zone for zone, address in ADDRESS_IN.items()})
        self.makers: dict[str, SocketMaker] = {}
        self.listeners: list[socket.socket] = []
        self.instances: list[Instance] = []
        for address in ADDRESS_IN.values():
            self.network.add_address(address)
        for address in (*ADDRESS_IN.values(), API_ADDRESS, IMDS_ADDRESS, DNS_ADDRESS):
            self.listeners.append(self.network.sockets.bind(address, PORT))

    def add(self, number: int, zone: str, **changes: str) -> Instance:
        """Connect one more machine."""
        instance = replace(node(number, zone=zone), **changes)  # type: ignore[arg-type]
        self.partitions.admit(instance.instance_id, zone)
        self.network.connect(instance)
        maker = SocketMaker(path_of(self.names.machine(instance.instance_id)))
        self.makers[instance.private_ip] = maker
        self.listeners.append(maker.bind(instance.private_ip, PORT))
        self.instances.append(instance)
        return instance

    def reaches(self, source: Instance | str | None, target: Instance | str) -> bool:
        """Whether a connection is possible: from a machine, a balancer's address, or the VPC itself."""
        maker = self.makers[source.private_ip] if isinstance(source, Instance) else self.network.sockets
        with maker.make() as made:
            made.settimeout(SECONDS)
            if isinstance(source, str):
                made.bind((source, 0))
            try:
                made.connect((target.private_ip if isinstance(target, Instance) else target, PORT))
            except OSError:
                return False
            return True

    def pairs(self) -> set[str]:
        """Who reaches whom of the machines, by number of their order."""
        every = list(enumerate(self.instances))
        return {f"{a}{b}" for a, one in every for b, two in every if a != b and self.reaches(one, two)}

    def close(self) -> None:
        """Remove everything."""
        for listener in self.listeners:
            listener.close()
        for instance in self.instances:
            self.makers[instance.private_ip].close()
            self.network.disconnect(instance.instance_id)
        self.network.close()


@pytest.fixture
def bench(image: MachineImage, tmp_path: Path) -> Iterator[Bench]:
    """Two machines in one zone, two in another."""
    made = Bench(Names.of(tmp_path), image.root)
    try:
        for number, zone in ((5, A), (6, A), (7, B), (8, B)):
            made.add(number, zone)
        yield made
    finally:
        made.close()


def _all(count: int) -> set[str]:
    return {f"{a}{b}" for a in range(count) for b in range(count) if a != b}


def _ids(instances: Sequence[Instance]) -> list[str]:
    return [instance.instance_id for instance in instances]


def test_a_split(bench: Bench) -> None:
    """Groups do not reach each other in one subnet or between two; one in no group reaches all."""
    one, two, three, four = bench.instances
    assert bench.pairs() == _all(4)
    bench.partitions.split([_ids([one]), _ids([two, three])])
    assert bench.pairs() == _all(4) - {"01", "10", "02", "20"}
    for instance in bench.instances:
        assert all(bench.reaches(instance, address) for address in (API_ADDRESS, IMDS_ADDRESS, DNS_ADDRESS))
        assert all(bench.reaches(instance, address) for address in ADDRESS_IN.values())
        assert all(bench.reaches(address, instance) for address in ADDRESS_IN.values())
    bench.partitions.split([_ids([one, two]), _ids([three]), _ids([four])])
    assert bench.pairs() == {"01", "10"}
    bench.partitions.split([])
    assert bench.pairs() == _all(4)


def test_connections_from_before_a_split_hang(bench: Bench) -> None:
    """They are not reset: what is sent is lost, and comes when the split is over."""
    one, two, *_ = bench.instances
    listener = next(entry for entry in bench.listeners if entry.getsockname()[0] == two.private_ip)
    with bench.makers[one.private_ip].make() as client:
        client.connect((two.private_ip, PORT))
        served, _ = listener.accept()
        with served:
            served.settimeout(SECONDS)
            client.sendall(b"before")
            assert served.recv(10) == b"before"
            bench.partitions.split([_ids([one]), _ids([two])])
            client.sendall(b"during")
            with pytest.raises(TimeoutError):
                served.recv(10)
            bench.partitions.split([])
            served.settimeout(10)
            assert served.recv(10) == b"during"


def test_a_partitioned_zone(bench: Bench) -> None:
    """It is whole inside, with metadata, names and its balancer; nothing else gets in or out."""
    inside, outside = bench.instances[:2], bench.instances[2:]
    bench.partitions.partition_zone(A)
    late = bench.add(9, A)
    assert bench.pairs() == {"01", "10", "04", "40", "14", "41", "23", "32"}
    for instance in (*inside, late):
        assert bench.reaches(instance, IMDS_ADDRESS)
        assert bench.reaches(instance, DNS_ADDRESS)
        assert not bench.reaches(instance, API_ADDRESS)
        assert bench.reaches(instance, ADDRESS_IN[A])
        assert not bench.reaches(instance, ADDRESS_IN[B])
        assert bench.reaches(ADDRESS_IN[A], instance)
        assert not bench.reaches(ADDRESS_IN[B], instance)
    for instance in outside:
        assert bench.reaches(instance, API_ADDRESS)
        assert not bench.reaches(instance, ADDRESS_IN[A])
        assert bench.reaches(instance, ADDRESS_IN[B])
        assert not bench.reaches(ADDRESS_IN[A], instance)
        assert bench.reaches(ADDRESS_IN[B], instance)
    assert not bench.reaches(None, ADDRESS_IN[A])
    assert bench.reaches(None, ADDRESS_IN[B])
    bench.partitions.split([_ids([outside[0]]), _ids([outside[1]])])
    assert bench.pairs() == {"01", "10", "04", "40", "14", "41"}
    bench.partitions.reconnect_zone(A)
    assert bench.pairs() == _all(5) - {"23", "32"}


def test_a_zone_without_machines(bench: Bench) -> None:
    """Its balancer's address is out of reach for everybody; the rest is whole."""
    for instance in bench.instances[:2]:
        bench.partitions.dismiss(instance.instance_id)
        bench.network.disconnect(instance.instance_id)
    bench.partitions.partition_zone(A)
    survivor = bench.instances[2]
    assert bench.reaches(survivor, bench.instances[3])
    assert bench.reaches(survivor, ADDRESS_IN[B])
    assert not bench.reaches(survivor, ADDRESS_IN[A])


def test_the_router_keeps_its_hardware_address(bench: Bench) -> None:
    """Machines that come and go do not change it: others would not find the router for half a minute."""

    def address() -> str:
        return run("ip", "-n", bench.network.name, "-brief", "link", "show", "br0").split()[2]

    before = address()
    for number in range(10, 16):
        bench.add(number, B)
        assert address() == before
    for instance in bench.instances[2:]:
        bench.network.disconnect(instance.instance_id)
        assert address() == before


def test_an_address_may_move_to_another_machine(bench: Bench) -> None:
    """Who spoke with the machine that had it before reaches the new one at once."""
    asking, old = bench.instances[2:]
    assert bench.reaches(asking, old)
    assert bench.reaches(None, old)
    bench.network.disconnect(old.instance_id)
    bench.makers.pop(old.private_ip).close()
    bench.instances.remove(old)
    new = bench.add(8, B, mac_address="02:00:00:00:08:08")
    assert (new.private_ip, new.mac_address) != (old.private_ip, old.mac_address)
    assert new.private_ip == old.private_ip
    assert bench.reaches(asking, new)
    assert bench.reaches(None, new)


def test_names_lead_to_a_partitioned_zone_for_a_while(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as Route 53's checks take; when the zone is whole again, they lead there at once."""
    bench.partitions.partition_zone(A)
    assert bench.partitions.partitioned_zones == {A}
    assert bench.partitions.unnamed_zones == set()
    monkeypatch.setattr(partitions, "NAME_SECONDS", 0.0)
    assert bench.partitions.unnamed_zones == {A}
    bench.partitions.reconnect_zone(A)
    assert bench.partitions.unnamed_zones == set()
