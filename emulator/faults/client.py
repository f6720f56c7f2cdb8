"""The client: one method for each thing that can be broken."""

from emulator.faults.aws import AwsBreaks
from emulator.faults.machines import MachineBreaks
from emulator.faults.rules import Switch
from emulator.faults.volumes import VolumeBreaks


class Breaks(MachineBreaks, VolumeBreaks, AwsBreaks):
    """Breaks what runs in the embedded AWS of a state folder. Methods may be called from several threads.

    All raise `BreakError` when the emulator refuses, `UnknownTargetError` for a machine or volume that it
    does not know, and `EmulatorNotRunningError` when there is none. What returns a string returns a switch's
    id, for `remove`; such a switch is on until it has had its effect so many `times`.
    """

    def switches(self) -> list[Switch]:
        """Everything that is broken now, or waits for its time."""
        return [Switch(**entry) for entry in self._ask("switches")]

    def remove(self, switch_id: str) -> None:
        """Remove one switch; `UnknownTargetError` if it is gone already."""
        self._ask("remove", switch_id=switch_id)

    def clear(self) -> None:
        """Remove all switches."""
        self._ask("clear")

    def heal_all(self) -> None:
        """`clear` and `heal`."""
        self.clear()
        self.heal()
