"""Who reaches whom in a partitioned VPC, as nft rules: pure.

Every packet that a machine sends is marked where it enters the bridge, with the number of its zone (the upper
byte) and of its side (the lower byte, 0: none). Where packets leave the bridge, switched or routed, and where
the VPC's services take them, the mark says whether the receiver is out of reach. What the VPC itself sends
has no mark.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator.machines.nspawn.naming import bridge_port
from emulator.machines.nspawn.network import API_ADDRESS

_TABLES = ("bridge partitions", "ip partitions")
_NO_MACHINES = 0xFF
"""The number of a zone without machines."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Who is where, and what is partitioned."""

    zones: Mapping[str, str]
    """Instance → zone."""
    balancers: Mapping[str, str]
    """A load balancer's address → zone."""
    sides: Sequence[Collection[str]] = ()
    """Instances that cannot reach those of another side."""
    partitioned_zones: Collection[str] = ()


def ruleset(situation: Situation) -> str:
    """The rules for nft; they replace earlier ones."""
    lines = [f"add table {table}\ndelete table {table}" for table in _TABLES]
    if situation.sides or situation.partitioned_zones:
        leaving = [*_between_sides(situation), *_leaving(situation)]
        lines += [
            "table bridge partitions {",
            _marks(situation),
            *_chain("entering", "prerouting", ["meta mark set iifname map @marks"]),
            *_chain("switched", "forward", leaving),
            *_chain("routed", "output", leaving),
            "}",
            "table ip partitions {",
            *_chain("arriving", "input", _arriving(situation)),
            "}",
        ]
    return "\n".join(lines) + "\n"


def _between_sides(situation: Situation) -> Iterator[str]:
    for number, side in enumerate(situation.sides, start=1):
        if side:
            yield f"oifname {_ports(side)} meta mark & 0xff != 0 meta mark & 0xff != {number} drop"


def _leaving(situation: Situation) -> Iterator[str]:
    """To machines: those of a partitioned zone are reached from there only, and by balancers there only."""
    for zone in sorted(situation.partitioned_zones):
        own, others = _balancers(situation, zone)
        inside = [name for name, its_zone in situation.zones.items() if its_zone == zone]
        to_elsewhere = f"oifname != {_ports(inside)} " if inside else ""
        if inside:
            number = _zone_mark(situation, zone)
            yield (f"oifname {_ports(inside)} meta mark & 0xff00 != 0 meta mark & 0xff00 != {number} drop")
            yield f"{to_elsewhere}meta mark & 0xff00 == {number} drop"
            if others:
                yield f"oifname {_ports(inside)} ip saddr {_set(others)} drop"
        if own:
            yield f"{to_elsewhere}ip saddr {_set(own)} drop"


def _arriving(situation: Situation) -> Iterator[str]:
    """To services of the VPC: a partitioned zone has DNS and metadata, but no API and no other balancers."""
    for zone in sorted(situation.partitioned_zones):
        own, others = _balancers(situation, zone)
        number = _zone_mark(situation, zone)
        yield f"meta mark & 0xff00 == {number} ip daddr {_set([API_ADDRESS, *others])} drop"
        if own:
            yield f"meta mark & 0xff00 != {number} ip daddr {_set(own)} drop"


def _marks(situation: Situation) -> str:
    sides = {name: number for number, side in enumerate(situation.sides, start=1) for name in side}
    numbers = _zone_numbers(situation)
    entries = ", ".join(
        f'"{bridge_port(name)}" : {numbers[zone] << 8 | sides.get(name, 0):#x}'
        for name, zone in sorted(situation.zones.items())
    )
    elements = f" elements = {{ {entries} }};" if entries else ""
    return f"map marks {{ type ifname : mark;{elements} }}"


def _zone_mark(situation: Situation, zone: str) -> str:
    return f"{_zone_numbers(situation).get(zone, _NO_MACHINES) << 8:#x}"


def _zone_numbers(situation: Situation) -> dict[str, int]:
    return {zone: number for number, zone in enumerate(sorted({*situation.zones.values()}), start=1)}


def _balancers(situation: Situation, zone: str) -> tuple[list[str], list[str]]:
    """Addresses in a zone, and in the others."""
    own = [address for address, its_zone in situation.balancers.items() if its_zone == zone]
    return own, [address for address in situation.balancers if address not in own]


def _ports(instances: Iterable[str]) -> str:
    return _set(f'"{bridge_port(name)}"' for name in instances)


def _set(entries: Iterable[str]) -> str:
    return f"{{ {', '.join(sorted(entries))} }}"


def _chain(name: str, hook: str, rules: Iterable[str]) -> list[str]:
    return [f"chain {name} {{", f"type filter hook {hook} priority 0; policy accept;", *rules, "}"]
