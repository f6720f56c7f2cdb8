"""The port to machines that can be broken from outside."""

import subprocess
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


class Mishaps(Protocol):
    """What can befall machines. Methods may block, and raise LookupError for a machine that there is not.

    `noticed` says whether EC2's status checks find it.
    """

    def machines(self) -> list[dict[str, Any]]:
        """Each machine as `emulator.faults.Machine` has it."""

    def networks(self) -> dict[str, Any]:
        """How the network is cut up: `sides` and `zones`."""

    def power_loss(self, instance_id: str, *, noticed: bool) -> None:
        """Off at once, and what is not on the disks is lost."""

    def power_on(self, instance_id: str) -> None:
        """Boot again."""

    def freeze(self, instance_id: str, *, frozen: bool, noticed: bool) -> None:
        """Stop all processes where they are, or let them go on."""

    def partition(self, instance_id: str, *, cut: bool, noticed: bool) -> None:
        """Cut the wire, or mend it."""

    def split(self, groups: Sequence[Collection[str]]) -> None:
        """Let machines of different groups not reach each other."""

    def cut_zone(self, zone: str, *, cut: bool, noticed: bool) -> None:
        """Cut a zone off, or connect it."""

    def heal(self) -> None:
        """Mend every network and thaw everybody."""

    def kills(self) -> Mapping[tuple[str, str], bool]:
        """By switch and instance, whether a program on a machine that is there was killed for it."""

    def kill_at_line(self, instance_id: str, line: str) -> None:
        """Let a program on a running machine be killed after a line."""


class VolumeMishaps(Protocol):
    """What can befall the data of a volume; LookupError for one that there is not."""

    def wipe(self, volume_id: str) -> None:
        """Make it blank."""

    def corrupt(self, volume_id: str, pattern: str, *, at: float, length_bytes: int, seed: int) -> str:
        """Overwrite a part of a file."""

    def alter(self, volume_id: str, pattern: str, *, old: str, new: str) -> str:
        """Put another text into a file that has the old one; its path there."""

    def fill(self, volume_id: str, *, leave_bytes: int) -> int:
        """Take its free space."""

    def unfill(self, volume_id: str) -> None:
        """Give it back."""


@runtime_checkable
class Breakable(Protocol):
    """Machines that can be broken offer this beside their other methods."""

    @property
    def mishaps(self) -> Mishaps:
        """What can befall them."""

    @property
    def volume_mishaps(self) -> VolumeMishaps:
        """What can befall their volumes."""

    def run(
        self, instance_id: str, command: Sequence[str], *, timeout_seconds: float, stdin: bytes
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as a machine's root.

        Raises:
            LookupError: there is no such machine, or it is off.
            subprocess.TimeoutExpired: it took too long; it was killed.
        """
