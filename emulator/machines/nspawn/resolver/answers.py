"""What a name means in a VPC: names of instances and load balancers, and records of private zones."""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import dns.name
import dns.rdatatype
import dns.rrset

from emulator.interfaces.network_facts import LoadBalancer, PrivateZone, RecordSet

INSTANCE_TTL_SECONDS = 60
"""Of names that AWS makes itself, e.g. ip-10-0-0-5.ec2.internal."""
BALANCER_TTL_SECONDS = 60
"""Of load balancers' names, and of aliases of them."""
ABSENCE_TTL_SECONDS = 300
"""The most that a VPC's name server tells clients to keep "no such name", less than a zone's SOA has.
https://github.com/aws/aws-app-mesh-roadmap/issues/221"""

_MAX_ALIASES = 8
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server knows of a name and type."""

    exists: bool
    """Whether the name exists, with whatever type."""
    records: tuple[dns.rrset.RRset, ...] = ()
    """The answer; a chain of aliases in order."""
    authority: tuple[dns.rrset.RRset, ...] = ()
    """The zone's SOA where there are no records: how long that may be remembered."""


class Answers:
    """Finds answers in the current state of the API."""

    def __init__(
        self,
        *,
        cidr: Network,
        region: str,
        zones: Callable[[], Sequence[PrivateZone]],
        balancers: Callable[[], Sequence[LoadBalancer]],
    ) -> None:
        """`zones` and `balancers` of the VPC with this address range are asked for every answer."""
        self._cidr = cidr
        self._domain = "ec2.internal." if region == "us-east-1" else f"{region}.compute.internal."
        self._zones = zones
        self._balancers = balancers

    def find(self, name: str, type_: str) -> Answer:
        """The answer for a fully qualified name in lower case."""
        return self._find(name, type_, aliases_left=_MAX_ALIASES)

    def _find(self, name: str, type_: str, *, aliases_left: int) -> Answer:
        zones = [zone for zone in self._zones() if name == zone.name or name.endswith(f".{zone.name}")]
        if zones:
            # The most specific zone answers, even if the answer is that the name does not exist.
            zone = max(zones, key=lambda zone: len(zone.name))
            return self._in_zone(zone, name, type_, aliases_left)
        for balancer in self._balancers():
            if name == f"{balancer.dns_name}.":
                return _addresses(name, type_, addresses_of(balancer), BALANCER_TTL_SECONDS)
        return self._made_by_aws(name, type_)

    def _in_zone(self, zone: PrivateZone, name: str, type_: str, aliases_left: int) -> Answer:
        soa = next((record for record in zone.records if record.type == "SOA"), None)
        authority = (_negative(soa),) if soa is not None else ()
        here = _records_at(zone, name)
        if here is None:
            return Answer(exists=False, authority=authority)
        by_type = {record.type: record for record in here}
        record = by_type.get(type_) or by_type.get("CNAME")
        if record is None:
            return Answer(exists=True, authority=authority)
        if record.alias_target is not None:
            return self._alias(record.alias_target, name, type_, authority, aliases_left)
        found = _rrset(name, record.type, record.ttl_seconds, record.values)
        if record.type != "CNAME" or type_ == "CNAME" or not aliases_left:
            return Answer(exists=True, records=(found,))
        rest = self._find(_qualified(record.values[0]), type_, aliases_left=aliases_left - 1)
        return Answer(exists=rest.exists, records=(found, *rest.records), authority=rest.authority)

    def _alias(
        self, target: str, name: str, type_: str, authority: tuple[dns.rrset.RRset, ...], aliases_left: int
    ) -> Answer:
        """An alias answers under its own name, with what its target has."""
        # The console's alias of a load balancer has this prefix in front of the balancer's name.
        answer = self._find(target.removeprefix("dualstack."), type_, aliases_left=max(0, aliases_left - 1))
        wanted = dns.rdatatype.from_text(type_)
        own = tuple(
            _rrset(name, type_, rrset.ttl, [item.to_text() for item in rrset])
            for rrset in answer.records
            if rrset.rdtype == wanted
        )
        return Answer(exists=True, records=own, authority=() if own else authority)

    def _made_by_aws(self, name: str, type_: str) -> Answer:
        if name.endswith(f".{self._domain}"):
            label = name.removesuffix(f".{self._domain}")
            address = _parse_address(label.removeprefix("ip-").replace("-", "."))
            if label.startswith("ip-") and address in self._cidr:
                return _addresses(name, type_, [str(address)], INSTANCE_TTL_SECONDS)
        elif name.endswith(".in-addr.arpa."):
            address = _parse_address(".".join(reversed(name.removesuffix(".in-addr.arpa.").split("."))))
            if address in self._cidr:
                target = f"ip-{str(address).replace('.', '-')}.{self._domain}"
                records = (_rrset(name, "PTR", INSTANCE_TTL_SECONDS, [target]),) if type_ == "PTR" else ()
                return Answer(exists=True, records=records)
        return Answer(exists=False)


def addresses_of(balancer: LoadBalancer) -> list[str]:
    """What a balancer's name resolves to: its addresses in the zones where it has a healthy target.

    With targets in any zone (cross-zone), or with none healthy anywhere, these are all zones.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
    """
    healthy = {
        target.zone
        for listener in balancer.listeners
        for target in listener.target_group.targets
        if target.state == "healthy"
    }
    return [
        place.address
        for place in balancer.addresses
        if not healthy or balancer.cross_zone or place.zone in healthy
    ]


def _records_at(zone: PrivateZone, name: str) -> list[RecordSet] | None:
    """Records of a name, through the closest wildcard if it has none; None if the name does not exist."""
    names = {record.name for record in zone.records}
    if name in names:
        return [record for record in zone.records if record.name == name]
    if any(other.endswith(f".{name}") for other in names):
        return []
    parent = name.partition(".")[2]
    while parent.endswith(zone.name):
        if f"*.{parent}" in names:
            return [record for record in zone.records if record.name == f"*.{parent}"]
        if parent in names:
            break
        parent = parent.partition(".")[2]
    return None


def _addresses(name: str, type_: str, addresses: Sequence[str], ttl: int) -> Answer:
    records = (_rrset(name, "A", ttl, addresses),) if type_ == "A" and addresses else ()
    return Answer(exists=True, records=records)


def _negative(soa: RecordSet) -> dns.rrset.RRset:
    """The SOA that goes with "no such name": its TTL is the smaller of its own and its minimum (RFC 2308)."""
    ttl = min(soa.ttl_seconds, int(soa.values[0].split()[-1]), ABSENCE_TTL_SECONDS)
    return _rrset(soa.name, "SOA", ttl, soa.values)


def _rrset(name: str, type_: str, ttl: int, values: Sequence[str]) -> dns.rrset.RRset:
    # The API takes names without a dot at the end as fully qualified, too.
    return dns.rrset.from_text_list(
        dns.name.from_text(name), ttl, "IN", type_, values, origin=dns.name.root, relativize=False
    )


def _qualified(name: str) -> str:
    return name.lower() if name.endswith(".") else f"{name.lower()}."


def _parse_address(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return ipaddress.IPv4Address(0)
