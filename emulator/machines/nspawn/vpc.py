"""A running VPC: its network, with the services that every machine in it relies on."""

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from emulator.interfaces.machines import Instance
from emulator.interfaces.network_facts import LoadBalancer, NetworkFacts, Vpc
from emulator.machines.imds import ImdsServer, InstanceMetadata
from emulator.machines.namespaces import path_of
from emulator.machines.nspawn import balancing
from emulator.machines.nspawn.naming import Names
from emulator.machines.nspawn.network import API_ADDRESS, IMDS_ADDRESS, VpcNetwork
from emulator.machines.nspawn.partitions import Partitions
from emulator.machines.nspawn.resolver import Answers, Cache, NameServer
from emulator.machines.proxy import Backend, Endpoint, Route

# In a container cloud-init finds no firmware that says "EC2", and for clouds that it does not know it asks
# for no token. On EC2 it would.
_TOKENLESS_AGENTS = ("Cloud-Init/",)


class RunningVpc:
    """The network of one VPC with its metadata service and name server."""

    def __init__(
        self,
        *,
        instance: Instance,
        names: Names,
        facts: NetworkFacts,
        api: Endpoint,
        root: Path,
        absence_seconds: Callable[[], float],
    ) -> None:
        """Make the network that the instance belongs to.

        `api` is where the API listens, `root` a Debian root with programs that the host may lack,
        `absence_seconds` how long the name server keeps that a name does not exist.

        Raises:
            CommandFailedError: the network cannot be made; nothing is left behind.
        """
        self.vpc = Vpc(account_id=instance.account_id, region=instance.region, vpc_id=instance.vpc_id)
        self.network = VpcNetwork(names=names, vpc_id=instance.vpc_id, vpc_cidr=instance.vpc_cidr)
        self._facts = facts
        self._api = api
        self._lock = threading.Lock()
        self._metadata: dict[str, InstanceMetadata] = {}
        self._balancer_addresses: set[str] = set()
        self._balancer_zones: dict[str, str] = {}
        self._target_groups: set[str] = set()
        self.namespace = str(path_of(self.network.name))
        """Path of its network namespace's file."""
        self.partitions = Partitions(path_of(self.network.name), root=root)
        sockets = self.network.sockets
        with contextlib.ExitStack() as undo:
            undo.callback(self.network.close)
            answers = Answers(
                cidr=self.network.cidr,
                region=instance.region,
                zones=lambda: facts.private_zones(self.vpc),
                balancers=lambda: self.as_named(self.balancers()),
            )
            addresses = self.network.dns_addresses
            self._dns = NameServer(
                datagrams=[sockets.bind(address, 53, kind=socket.SOCK_DGRAM) for address in addresses],
                listeners=[sockets.bind(address, 53) for address in addresses],
                find=Cache(answers.find, absence_seconds=absence_seconds).find,
            )
            undo.callback(self._dns.close)
            self._imds = ImdsServer(
                listener=sockets.bind(IMDS_ADDRESS, 80),
                resolve=self._metadata.get,
                tokenless_agents=_TOKENLESS_AGENTS,
            )
            undo.pop_all()

    def admit(self, metadata: InstanceMetadata) -> None:
        """Let the metadata service answer an instance."""
        instance = metadata.instance
        self._metadata[instance.private_ip] = metadata
        self.partitions.admit(instance.instance_id, instance.availability_zone)

    def dismiss(self, instance: Instance) -> None:
        """Stop answering it."""
        known = self._metadata.get(instance.private_ip)
        if known is not None and known.instance.instance_id == instance.instance_id:
            del self._metadata[instance.private_ip]
            self.partitions.dismiss(instance.instance_id)

    def has_target(self, target_group_arn: str) -> bool:
        """Whether a load balancer of the VPC sends connections to the group."""
        return target_group_arn in self._target_groups

    @property
    def is_wanted(self) -> bool:
        """Whether it has instances, or the VPC still exists in EC2."""
        return bool(self._metadata) or self._facts.exists(self.vpc)

    def balancers(self) -> Sequence[LoadBalancer]:
        """The load balancers that it has now."""
        return self._facts.load_balancers(self.vpc)

    def routes(self, balancers: Sequence[LoadBalancer]) -> list[Route]:
        """What the proxy does for these balancers of the VPC; its network gets their addresses here."""
        self._follow(balancers)
        way_to_api = Route(
            listen=Endpoint(namespace=self.namespace, address=API_ADDRESS, port=80),
            backends=(Backend(to=self._api),),
        )
        return [way_to_api, *balancing.routes(balancers, namespace=self.namespace)]

    def close(self) -> None:
        """Remove all of it; its machines must be gone."""
        self._dns.close()
        self._imds.close()
        self.network.close()

    def _follow(self, balancers: Sequence[LoadBalancer]) -> None:
        places = {place.address: place for balancer in balancers for place in balancer.addresses}
        with self._lock:
            for address in self._balancer_addresses - places.keys():
                self.network.remove_address(address)
            for address in places.keys() - self._balancer_addresses:
                self.network.add_subnet(places[address].subnet_cidr)
                self.network.add_address(address)
            self._balancer_addresses = set(places)
            self._balancer_zones = {address: place.zone for address, place in places.items()}
            self.partitions.balancers_are(self._balancer_zones)
            self._target_groups = {
                listener.target_group.arn for balancer in balancers for listener in balancer.listeners
            }

    def health_check_source(self) -> str | None:
        """The address that health checks come from: a balancer's, as security groups of targets expect.

        On AWS each zone's balancer checks by itself; here one checks for all, outside of partitioned zones.
        """
        partitioned = self.partitions.partitioned_zones
        with self._lock:
            zones = self._balancer_zones
            return min((address for address, zone in zones.items() if zone not in partitioned), default=None)

    def as_named(self, balancers: Sequence[LoadBalancer]) -> list[LoadBalancer]:
        """Load balancers as their names show them: without zones that have been partitioned for a while."""
        gone = self.partitions.unnamed_zones
        return [
            replace(balancer, addresses=tuple(p for p in balancer.addresses if p.zone not in gone))
            for balancer in balancers
        ]

    def make_probe(self) -> socket.socket:
        """A socket for a health check."""
        made = self.network.sockets.make()
        source = self.health_check_source()
        if source is not None:
            made.bind((source, 0))
        return made
