"""What can befall machines from outside: no power, hung, cut off. Status checks notice it, if they are to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from emulator.api.machines import Instance
from emulator.machines.nspawn import killing
from emulator.machines.nspawn.machine import Machine
from emulator.machines.nspawn.networks import Networks


class Mishaps:
    """Of the machines of a state folder. Methods raise LookupError for a machine that is not there."""

    def __init__(
        self,
        *,
        machines: Mapping[str, Machine],
        networks: Networks,
        status_check: Callable[[str, bool], None],
        kills_of: Callable[[str, str], Mapping[str, str]],
    ) -> None:
        """`machines` changes as machines come and go; `status_check` is told what EC2 would find.

        `kills_of` is asked about each new machine, by id and zone: after which lines a program on it is
        killed, by the names that `kills` has.
        """
        self._machines = machines
        self._networks = networks
        self._kills_of = kills_of
        self._armed: list[tuple[str, str, Path]] = []
        self._status_check = status_check
        self._cut: set[str] = set()
        self._sides: list[list[str]] = []
        self._cut_zones: set[str] = set()

    def machines(self) -> list[dict[str, Any]]:
        """Each machine, with what is wrong with it, as `emulator.faults.Machine` has it."""
        return [
            {
                "instance_id": instance_id,
                "zone": machine.instance.availability_zone,
                "address": machine.instance.private_ip,
                "on": machine.guest is not None,
                "frozen": machine.is_frozen,
                "cut": instance_id in self._cut,
            }
            for instance_id, machine in list(self._machines.items())
        ]

    def networks(self) -> dict[str, Any]:
        """How the network is cut up: `sides` and `zones`."""
        return {"sides": self._sides, "zones": sorted(self._cut_zones)}

    def power_loss(self, instance_id: str, *, noticed: bool = True) -> None:
        """Switch the machine off at once; what its volumes' file systems have not written yet is lost."""
        self._machine(instance_id).lose_power()
        self._status_check(instance_id, not noticed)

    def power_on(self, instance_id: str) -> None:
        """Boot it again, with the same disk, address and volumes."""
        self._machine(instance_id).boot()
        self._status_check(instance_id, True)

    def freeze(self, instance_id: str, *, frozen: bool, noticed: bool = True) -> None:
        """Stop all processes of the machine where they are, or let them go on."""
        self._machine(instance_id).freeze(frozen=frozen)
        self._status_check(instance_id, not (frozen and noticed))

    def partition(self, instance_id: str, *, cut: bool, noticed: bool = True) -> None:
        """Cut the machine off from its network, or connect it again."""
        self._machine(instance_id).network.set_link(instance_id, up=not cut)
        self._cut.add(instance_id) if cut else self._cut.discard(instance_id)
        self._status_check(instance_id, not (cut and noticed))

    def split(self, groups: Sequence[Collection[str]]) -> None:
        """Let machines of different groups not reach each other; status checks notice nothing."""
        for instance_id in [name for group in groups for name in group]:
            self._machine(instance_id)
        for vpc in self._networks.all():
            vpc.partitions.split(groups)
        self._sides = [list(group) for group in groups]

    def cut_zone(self, zone: str, *, cut: bool, noticed: bool = True) -> None:
        """Cut a zone off, or connect it again."""
        inside = [name for name, machine in list(self._machines.items()) if _zone(machine) == zone]
        if not inside and cut:
            raise LookupError(f"there is no machine in {zone}; zones are {self._zones() or 'none yet'}")
        for vpc in self._networks.all():
            vpc.partitions.cut_zone(zone, cut=cut)
        self._cut_zones.add(zone) if cut else self._cut_zones.discard(zone)
        for instance_id in inside:
            self._status_check(instance_id, not (cut and noticed))

    def heal(self) -> None:
        """Connect every machine and let every frozen one go on; what has no power stays off."""
        self.split([])
        for zone in sorted(self._cut_zones):
            self.cut_zone(zone, cut=False)
        for instance_id, machine in list(self._machines.items()):
            if instance_id in self._cut:
                self.partition(instance_id, cut=False)
            if machine.is_frozen:
                self.freeze(instance_id, frozen=False)

    def made(self, instance: Instance, root: Path) -> None:
        """Hear of a new machine before it boots."""
        for name, line in self._kills_of(instance.instance_id, instance.availability_zone).items():
            killing.arm(root, name, line)
            self._armed.append((name, instance.instance_id, root))

    def kills(self) -> dict[tuple[str, str], bool]:
        """By name and instance, whether it has happened; only of machines that are there."""
        return {
            (name, instance_id): killing.has_happened(root, name)
            for name, instance_id, root in list(self._armed)
            if instance_id in self._machines
        }

    def kill_at_line(self, instance_id: str, line: str) -> None:
        """Let the next Python program that starts on a machine be killed after a line with this text."""
        process = self.process_of(instance_id)
        if process is None:
            raise LookupError(f"{instance_id} is off")
        killing.arm(Path(f"/proc/{process}/root"), f"at-once-{uuid4().hex}", line)

    def process_of(self, instance_id: str) -> int | None:
        """The first process of a machine, None while it is off."""
        guest = self._machine(instance_id).guest
        return guest.pid if guest is not None else None

    def _zones(self) -> str:
        return ", ".join(sorted({_zone(machine) for machine in list(self._machines.values())}))

    def _machine(self, instance_id: str) -> Machine:
        machine = self._machines.get(instance_id)
        if machine is None:
            raise LookupError(
                f"there is no machine {instance_id} here; `machines` lists those that there are"
            )
        return machine


def _zone(machine: Machine) -> str:
    return machine.instance.availability_zone
