"""The interface of machines into which faults can be injected."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

FaultHandler = Callable[..., Any]
"""Injects one fault. Takes the arguments that the table of faults declares, as keywords; may block.

It raises LookupError for a machine or volume that does not exist."""


class MachineFaults(Protocol):
    """What machines that boot offer beside their other methods."""

    def handlers(self) -> Mapping[str, FaultHandler]:
        """The handlers of all faults that need such machines, by the fault's name, except `kill_at_line`."""

    def machines(self) -> list[dict[str, Any]]:
        """Each machine, as `emulator.faults.Machine` describes it."""

    def networks(self) -> dict[str, Any]:
        """The partitions of the network, as `emulator.faults.Network` describes them."""

    def heal(self) -> None:
        """Remove every partition and thaw every frozen machine; lost power stays lost."""

    def killed_at_line(self) -> Mapping[tuple[str, str], bool]:
        """By active fault and instance: whether a program on that machine was killed for it."""

    def kill_at_line(self, instance_id: str, line: str) -> None:
        """Let the next Python program that starts on a running machine be killed after a line."""


@runtime_checkable
class FaultyMachines(Protocol):
    """Machines that faults can be injected into."""

    @property
    def faults(self) -> MachineFaults:
        """What can be injected."""

    def run(
        self, instance_id: str, command: Sequence[str], *, timeout_seconds: float, stdin: bytes
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as a machine's root.

        Raises:
            LookupError: there is no such machine, or it is off.
            subprocess.TimeoutExpired: the command took too long and was killed.
        """
