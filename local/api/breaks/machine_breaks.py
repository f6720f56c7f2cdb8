"""The port to machines that can be broken from outside."""

import subprocess
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable


class Mishaps(Protocol):
    """What can befall machines. Methods may block, and raise LookupError for a machine that there is not."""

    def machines(self) -> list[dict[str, Any]]:
        """Each machine as `local.breaks.Machine` has it."""

    def power_loss(self, instance_id: str) -> None:
        """Off at once, and what is not on the disks is lost."""

    def power_on(self, instance_id: str) -> None:
        """Boot again."""

    def freeze(self, instance_id: str, *, frozen: bool) -> None:
        """Stop all processes where they are, or let them go on."""

    def partition(self, instance_id: str, *, cut: bool) -> None:
        """Cut the wire, or mend it."""

    def heal(self) -> None:
        """Mend every wire and thaw everybody."""


@runtime_checkable
class Breakable(Protocol):
    """Machines that can be broken offer this beside their other methods."""

    @property
    def mishaps(self) -> Mishaps:
        """What can befall them."""

    def run(
        self, instance_id: str, command: Sequence[str], *, timeout_seconds: float, stdin: bytes
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as a machine's root.

        Raises:
            LookupError: there is no such machine, or it is off.
            subprocess.TimeoutExpired: it took too long; it was killed.
        """
