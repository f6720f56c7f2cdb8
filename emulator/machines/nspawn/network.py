"""Networks of machines: a namespace with a bridge for each VPC, one with a link to it for each machine.

The VPC's namespace is the VPC's router: it has the first address of each
subnet, the addresses of load balancers, and the link-local services. It has
no way out: no link leads to the host's namespace, where nothing is created.
"""

import ipaddress
import socket
import struct
import threading

from emulator.interfaces.machines import Instance
from emulator.machines.namespaces import SocketMaker, path_of
from emulator.machines.nspawn.commands import CommandFailedError, ip_batch, run
from emulator.machines.nspawn.naming import Names, bridge_port

IMDS_ADDRESS = "169.254.169.254"
DNS_ADDRESS = "169.254.169.253"
API_ADDRESS = "169.254.200.1"
"""Where machines find the API, at port 80. AWS does not use this address."""

_BRIDGE = "br0"
_INTERFACE = "ens5"
"""What Linux calls the first interface of an instance on Nitro."""
_BRIDGE_ADDRESS = "02:00:00:00:00:01"
_MTU = 9001
"""Of every network interface in a VPC."""


class VpcNetwork:
    """The namespace of one VPC. Methods may be called from several threads."""

    def __init__(self, *, names: Names, vpc_id: str, vpc_cidr: str) -> None:
        """Make the namespace with its bridge and service addresses; CommandFailedError if that fails."""
        self.name = names.vpc(vpc_id)
        self.cidr = ipaddress.ip_network(vpc_cidr)
        self.dns_addresses = (DNS_ADDRESS, str(self.cidr[2]))
        self._names = names
        self._lock = threading.Lock()
        self._present: set[str] = set()
        _make_namespace(self.name)
        try:
            ip_batch(
                self.name,
                [
                    "link set lo up",
                    # An address of its own: a bridge without takes the lowest of its ports. That would change
                    # as machines come and go, and others would send to the old one for half a minute.
                    f"link add {_BRIDGE} address {_BRIDGE_ADDRESS} mtu {_MTU} type bridge "
                    "forward_delay 0 mcast_snooping 0",
                    f"link set {_BRIDGE} up",
                    *(f"address add {address}/32 dev lo" for address in (IMDS_ADDRESS, API_ADDRESS)),
                    *(f"address add {address}/32 dev lo" for address in self.dns_addresses),
                ],
            )
            _set_parameters(
                self.name,
                {
                    "net.ipv4.ip_forward": "1",
                    # Packets from subnet to subnet leave through the bridge that they came from.
                    "net.ipv4.conf.all.send_redirects": "0",
                    "net.ipv4.conf.default.send_redirects": "0",
                    f"net.ipv4.conf.{_BRIDGE}.send_redirects": "0",
                },
            )
            self.sockets = SocketMaker(path_of(self.name))
        except BaseException:
            run("ip", "netns", "delete", self.name)
            raise

    def add_subnet(self, cidr: str) -> None:
        """Make the router reachable in a subnet, under its first address; safe to repeat."""
        subnet = ipaddress.ip_network(cidr)
        self._add(f"{subnet[1]}/{subnet.prefixlen}")

    def add_address(self, address: str) -> None:
        """Answer to one more address, e.g. a load balancer's; safe to repeat."""
        self._add(f"{address}/32")

    def remove_address(self, address: str) -> None:
        """Stop answering to it."""
        with self._lock:
            if f"{address}/32" in self._present:
                self._present.remove(f"{address}/32")
                ip_batch(self.name, [f"address delete {address}/32 dev {_BRIDGE}"])

    def connect(self, instance: Instance) -> None:
        """Make a machine's namespace and the link to it, with the instance's address; CommandFailedError."""
        subnet = ipaddress.ip_network(instance.subnet_cidr)
        self.add_subnet(instance.subnet_cidr)
        own, port = self._names.machine(instance.instance_id), bridge_port(instance.instance_id)
        _make_namespace(own)
        try:
            ip_batch(
                self.name,
                [
                    f"link add {port} mtu {_MTU} type veth peer name {_INTERFACE} netns {own} "
                    f"address {instance.mac_address} mtu {_MTU}",
                    f"link set {port} master {_BRIDGE} up",
                ],
            )
            ip_batch(
                own,
                [
                    "link set lo up",
                    f"link set {_INTERFACE} up",
                    f"address add {instance.private_ip}/{subnet.prefixlen} broadcast + dev {_INTERFACE}",
                    f"route add default via {subnet[1]} dev {_INTERFACE}",
                ],
            )
            self._announce(instance)
        except BaseException:
            run("ip", "netns", "delete", own)
            raise

    def _announce(self, instance: Instance) -> None:
        """Announce whose address it is now to router and machines; it may have been another's until now.

        They would send to that one for half a minute. On AWS nothing depends on what machines remember.
        """
        address, hardware = instance.private_ip, instance.mac_address
        ip_batch(self.name, [f"neigh replace {address} lladdr {hardware} nud reachable dev {_BRIDGE}"])
        with self.sockets.make(socket.SOCK_RAW, family=socket.AF_PACKET) as made:
            made.bind((_BRIDGE, 0))
            made.send(_gratuitous_arp(address, hardware))

    def disconnect(self, instance_id: str) -> None:
        """Remove a machine's link and namespace; safe to repeat."""
        # The link first: the namespace itself lives on for as long as a process of the machine does.
        remove_quietly("ip", "-n", self.name, "link", "delete", bridge_port(instance_id))
        remove_quietly("ip", "netns", "delete", self._names.machine(instance_id))

    def set_link(self, instance_id: str, *, up: bool) -> None:
        """Cut a machine off from the network, or connect it again; its own end stays configured."""
        ip_batch(self.name, [f"link set {bridge_port(instance_id)} {'up' if up else 'down'}"])

    def close(self) -> None:
        """Remove the namespace; safe to repeat. Machines must be disconnected."""
        self.sockets.close()
        remove_quietly("ip", "netns", "delete", self.name)
        remove_empty_folder()

    def _add(self, address: str) -> None:
        with self._lock:
            if address not in self._present:
                ip_batch(self.name, [f"address replace {address} dev {_BRIDGE}"])
                self._present.add(address)


def remove_leftovers(names: Names) -> None:
    """Remove the namespaces of a state folder, with all that is in them."""
    folder = path_of("")
    for path in sorted(folder.iterdir()) if folder.exists() else []:
        if names.is_ours(path.name):
            run("ip", "netns", "delete", path.name)
    remove_empty_folder()


def remove_empty_folder() -> None:
    """Remove the folder of named namespaces, which `ip netns` mounts with the first, if there are none."""
    folder = path_of("")
    if folder.is_mount() and not any(folder.iterdir()):
        # Fails, as it should, if a namespace was just put there.
        remove_quietly("umount", str(folder))


def remove_quietly(*arguments: str) -> bool:
    """Run a command that removes something; whether there was something to remove."""
    try:
        run(*arguments)
    except CommandFailedError:
        return False
    return True


def _gratuitous_arp(address: str, hardware: str) -> bytes:
    """A broadcast Ethernet frame that announces who has an address (RFC 826, RFC 5227 section 3)."""
    mac, ip = bytes.fromhex(hardware.replace(":", "")), ipaddress.IPv4Address(address).packed
    request = struct.pack("!HHBBH", 1, 0x0800, len(mac), len(ip), 1)
    return b"\xff" * 6 + mac + struct.pack("!H", 0x0806) + request + mac + ip + bytes(6) + ip


def _make_namespace(name: str) -> None:
    run("ip", "netns", "add", name)


def _set_parameters(namespace: str, values: dict[str, str]) -> None:
    arguments = [f"{key}={value}" for key, value in values.items()]
    run("ip", "netns", "exec", namespace, "sysctl", "--quiet", "--write", *arguments)
