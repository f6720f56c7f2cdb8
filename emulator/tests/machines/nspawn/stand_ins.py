# ruff: noqa: ARG002 - there is one VPC only
"""What a VPC's network asks for, as plain data of a test, with no emulator behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from emulator.interfaces.machines import Instance
from emulator.interfaces.network_facts import LoadBalancer, PrivateZone, RecordSet, Vpc
from emulator.tests.machines.stand_ins import instance

SUBNETS = {"us-east-1a": "10.0.16.0/20", "us-east-1b": "10.0.32.0/20"}


@dataclass
class NetworkFacts:
    """`NetworkFacts` that a test changes as it goes."""

    zones: list[PrivateZone] = field(default_factory=list)
    balancers: list[LoadBalancer] = field(default_factory=list)

    def exists(self, vpc: Vpc) -> bool:
        """The VPC is there."""
        return True

    def private_zones(self, vpc: Vpc) -> Sequence[PrivateZone]:
        """The zones given."""
        return self.zones

    def load_balancers(self, vpc: Vpc) -> Sequence[LoadBalancer]:
        """The balancers given."""
        return self.balancers


def record(name: str, value: str, *, ttl_seconds: int = 60, type_: str = "A") -> RecordSet:
    """A record set with one value."""
    return RecordSet(name=name, type=type_, ttl_seconds=ttl_seconds, values=(value,))


def node(number: int, *, user_data: bytes = b"", zone: str = "us-east-1b") -> Instance:
    """An instance with an address of its own in a zone of the VPC."""
    network = SUBNETS[zone].rpartition(".")[0]
    return instance(
        instance_id=f"i-{number:017x}",
        availability_zone=zone,
        subnet_cidr=SUBNETS[zone],
        private_ip=f"{network}.{number}",
        private_dns_name=f"ip-{network.replace('.', '-')}-{number}.ec2.internal",
        mac_address=f"02:00:00:00:00:{number:02x}",
        user_data=user_data,
    )
