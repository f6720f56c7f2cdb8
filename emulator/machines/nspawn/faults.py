"""Faults of machines: power loss, a hung kernel, network partitions. Status checks notice most of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from emulator.interfaces.faults import FaultHandler
from emulator.interfaces.machines import Instance
from emulator.machines.nspawn import kill_at_line
from emulator.machines.nspawn.machine import Machine
from emulator.machines.nspawn.networks import Networks
from emulator.machines.nspawn.volume_faults import VolumeFaults


class MachineFaults:
    """Of the machines of a state folder. Methods raise LookupError for a machine that does not exist.

    Unless a fault is `unnoticed`, EC2's status checks fail at once.
    """

    def __init__(
        self,
        *,
        machines: Mapping[str, Machine],
        networks: Networks,
        volumes: VolumeFaults,
        status_check: Callable[[str, bool], None],
        kill_lines_of: Callable[[str, str], Mapping[str, str]],
    ) -> None:
        """`machines` changes as machines come and go; `status_check` gets what EC2's status checks find.

        `kill_lines_of` is asked for each new machine, by id and zone: after which lines a program on it is
        killed, by the names that `killed_at_line` returns.
        """
        self._machines = machines
        self._networks = networks
        self._volumes = volumes
        self._kill_lines_of = kill_lines_of
        self._armed: list[tuple[str, str, Path]] = []
        self._status_check = status_check
        self._sides: list[list[str]] = []
        self._zones: set[str] = set()

    def handlers(self) -> dict[str, FaultHandler]:
        """By the names in the table of faults."""
        return {
            "power_loss": self.power_loss,
            "power_on": self.power_on,
            "freeze": self.freeze,
            "thaw": self.thaw,
            "partition": self.partition,
            "reconnect": self.reconnect,
            "split": self.split,
            "partition_zone": self.partition_zone,
            "reconnect_zone": self.reconnect_zone,
            "wipe_volume": self._volumes.wipe,
            "corrupt_volume": self._volumes.corrupt,
            "alter_volume": self._volumes.alter,
            "fill_volume": self._volumes.fill,
            "unfill_volume": self._volumes.unfill,
        }

    def machines(self) -> list[dict[str, Any]]:
        """Each machine with its state, as `emulator.faults.Machine` describes it."""
        return [
            {
                "instance_id": instance_id,
                "zone": machine.instance.availability_zone,
                "address": machine.instance.private_ip,
                "on": (guest := machine.guest) is not None,
                "frozen": machine.is_frozen,
                "partitioned": machine.is_partitioned,
                "first_process": 0 if guest is None else guest.pid,
            }
            for instance_id, machine in list(self._machines.items())
        ]

    def networks(self) -> dict[str, Any]:
        """The partitions of the network: `sides` and `zones`."""
        return {"sides": self._sides, "zones": sorted(self._zones)}

    def power_loss(self, instance_id: str, *, unnoticed: bool = False) -> None:
        """Switch the machine off at once; what its file systems have not written yet is lost."""
        self._machine(instance_id).lose_power()
        self._status_check(instance_id, unnoticed)

    def power_on(self, instance_id: str) -> None:
        """Boot it again, with the same disk, address and volumes."""
        self._machine(instance_id).boot()
        self._status_check(instance_id, True)

    def freeze(self, instance_id: str, *, unnoticed: bool = False) -> None:
        """Stop all processes of the machine where they are."""
        self._machine(instance_id).freeze(frozen=True)
        self._status_check(instance_id, unnoticed)

    def thaw(self, instance_id: str) -> None:
        """Let them continue."""
        self._machine(instance_id).freeze(frozen=False)
        self._status_check(instance_id, True)

    def partition(self, instance_id: str, *, unnoticed: bool = False) -> None:
        """Cut the machine off from its network."""
        self._machine(instance_id).partition(partitioned=True)
        self._status_check(instance_id, unnoticed)

    def reconnect(self, instance_id: str) -> None:
        """Connect it again."""
        self._machine(instance_id).partition(partitioned=False)
        self._status_check(instance_id, True)

    def split(self, groups: Sequence[Sequence[str]]) -> None:
        """Partition machines of different groups from each other; status checks notice nothing."""
        for instance_id in [name for group in groups for name in group]:
            self._machine(instance_id)
        for vpc in self._networks.all():
            vpc.partitions.split(groups)
        self._sides = [list(group) for group in groups]

    def partition_zone(self, zone: str, *, unnoticed: bool = False) -> None:
        """Cut a zone off."""
        inside = self._inside(zone)
        if not inside:
            known = ", ".join(sorted({_zone(machine) for machine in list(self._machines.values())}))
            raise LookupError(f"there is no machine in {zone}; zones with machines: {known or 'none yet'}")
        for vpc in self._networks.all():
            vpc.partitions.partition_zone(zone)
        self._zones.add(zone)
        for instance_id in inside:
            self._status_check(instance_id, unnoticed)

    def reconnect_zone(self, zone: str) -> None:
        """Connect it again."""
        for vpc in self._networks.all():
            vpc.partitions.reconnect_zone(zone)
        self._zones.discard(zone)
        for instance_id in self._inside(zone):
            self._status_check(instance_id, True)

    def heal(self) -> None:
        """Remove every partition and thaw every frozen machine; what has no power stays off."""
        self.split([])
        for zone in sorted(self._zones):
            self.reconnect_zone(zone)
        for instance_id, machine in list(self._machines.items()):
            if machine.is_partitioned:
                self.reconnect(instance_id)
            if machine.is_frozen:
                self.thaw(instance_id)

    def prepare(self, instance: Instance, root: Path) -> None:
        """Prepare a new machine, before it boots, for the faults that wait for it."""
        for name, line in self._kill_lines_of(instance.instance_id, instance.availability_zone).items():
            kill_at_line.arm(root, name, line)
            self._armed.append((name, instance.instance_id, root))

    def killed_at_line(self) -> dict[tuple[str, str], bool]:
        """By name and instance, whether it has happened; only of machines that exist."""
        return {
            (name, instance_id): kill_at_line.has_happened(root, name)
            for name, instance_id, root in list(self._armed)
            if instance_id in self._machines
        }

    def kill_at_line(self, instance_id: str, line: str) -> None:
        """Let the next Python program that starts on a machine be killed after a line with this text."""
        guest = self._machine(instance_id).guest
        if guest is None:
            raise LookupError(f"{instance_id} is off")
        kill_at_line.arm(Path(f"/proc/{guest.pid}/root"), f"at-once-{uuid4().hex}", line)

    def _inside(self, zone: str) -> list[str]:
        return [name for name, machine in list(self._machines.items()) if _zone(machine) == zone]

    def _machine(self, instance_id: str) -> Machine:
        machine = self._machines.get(instance_id)
        if machine is None:
            known = ", ".join(sorted(self._machines))
            raise LookupError(f"there is no machine {instance_id}; machines: {known or 'none yet'}")
        return machine


def _zone(machine: Machine) -> str:
    return machine.instance.availability_zone
