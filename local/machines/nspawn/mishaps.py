"""What can befall machines from outside: no power, hung, cut off. EC2's status checks find it."""

from collections.abc import Callable, Mapping
from typing import Any

from local.machines.nspawn.machine import Machine


class Mishaps:
    """Of the machines of a state folder. Methods raise LookupError for a machine that is not there."""

    def __init__(self, *, machines: Mapping[str, Machine], status_check: Callable[[str, bool], None]) -> None:
        """`machines` changes as machines come and go; `status_check` is told what EC2 would find."""
        self._machines = machines
        self._status_check = status_check
        self._cut: set[str] = set()

    def machines(self) -> list[dict[str, Any]]:
        """Each machine, with what is wrong with it, as `local.breaks.Machine` has it."""
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

    def power_loss(self, instance_id: str) -> None:
        """Switch the machine off at once; what its volumes' file systems have not written yet is lost.

        To EC2 the instance runs on, but its status check fails.
        """
        self._machine(instance_id).lose_power()
        self._status_check(instance_id, False)

    def power_on(self, instance_id: str) -> None:
        """Boot it again, with the same disk, address and volumes."""
        self._machine(instance_id).boot()
        self._status_check(instance_id, True)

    def freeze(self, instance_id: str, *, frozen: bool) -> None:
        """Stop all processes of the machine where they are, or let them go on."""
        self._machine(instance_id).freeze(frozen=frozen)
        self._status_check(instance_id, not frozen)

    def partition(self, instance_id: str, *, cut: bool) -> None:
        """Cut the machine off from its network, or connect it again."""
        self._machine(instance_id).network.set_link(instance_id, up=not cut)
        self._cut.add(instance_id) if cut else self._cut.discard(instance_id)
        self._status_check(instance_id, not cut)

    def heal(self) -> None:
        """Connect every machine and let every frozen one go on; what has no power stays off."""
        for instance_id, machine in list(self._machines.items()):
            if instance_id in self._cut:
                self.partition(instance_id, cut=False)
            if machine.is_frozen:
                self.freeze(instance_id, frozen=False)

    def _machine(self, instance_id: str) -> Machine:
        machine = self._machines.get(instance_id)
        if machine is None:
            raise LookupError(
                f"there is no machine {instance_id} here; `machines` lists those that there are"
            )
        return machine
