"""What can befall machines, and the network between them."""

import base64
from collections.abc import Collection, Sequence

from emulator.faults.connection import PATIENCE_SECONDS, Connection
from emulator.faults.rules import CommandResult, Machine, Network


class MachineBreaks(Connection):
    """Machines that boot.

    `noticed` is whether EC2's status checks find it, at once; then a group replaces its instance. They never
    do with False, as if it lasted less than the minutes that they take on AWS.
    """

    def machines(self) -> list[Machine]:
        """Every machine that there is, with what is broken about it."""
        return [Machine(**entry) for entry in self._ask("machines")]

    def networks(self) -> Network:
        """How the network is cut up."""
        return Network(**self._ask("networks"))

    def run(
        self, instance_id: str, command: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float = 60
    ) -> CommandResult:
        """Run a command as the machine's root, and wait for its end.

        Raises:
            UnknownTargetError: no such machine, or it is off.
            TimedOutError: it took longer than `timeout_seconds`; it was killed.
        """
        answer = self._ask(
            "run",
            patience_seconds=timeout_seconds + PATIENCE_SECONDS,
            instance_id=instance_id,
            command=list(command),
            stdin=base64.b64encode(stdin).decode(),
            timeout_seconds=timeout_seconds,
        )
        return CommandResult(
            status=answer["status"],
            stdout=base64.b64decode(answer["stdout"]),
            stderr=base64.b64decode(answer["stderr"]),
        )

    def power_loss(self, instance_id: str, *, noticed: bool = True) -> None:
        """Switch the machine off at once; what its volumes' file systems have not written yet is lost.

        To EC2 the instance is still `running`.
        """
        self._ask("power_loss", instance_id=instance_id, noticed=noticed)

    def power_on(self, instance_id: str) -> None:
        """Boot a machine that lost its power, with the same disk, address and volumes."""
        self._ask("power_on", instance_id=instance_id)

    def freeze(self, instance_id: str, frozen: bool = True, *, noticed: bool = True) -> None:
        """Stop all processes of the machine where they are, as a hung kernel would, or let them go on."""
        self._ask("freeze", instance_id=instance_id, frozen=frozen, noticed=noticed)

    def partition(self, instance_id: str, cut: bool = True, *, noticed: bool = True) -> None:
        """Cut the machine off from everything (machines, API, names, metadata), or connect it again."""
        self._ask("partition", instance_id=instance_id, cut=cut, noticed=noticed)

    def split(self, *groups: Collection[str]) -> None:
        """A partition in the middle: machines of different groups cannot reach each other.

        Everybody reaches a machine that is in no group, the load balancer, names, metadata and the API.
        A second split takes the place of the first; without groups there is none. Status checks notice
        nothing.
        """
        self._ask("split", groups=[list(group) for group in groups])

    def cut_zone(self, zone: str, cut: bool = True, *, noticed: bool = True) -> None:
        """Cut a zone off: its machines, also those launched later, and the load balancer's address in it.

        Inside the zone everything works, metadata and names too; the API and other zones are out of reach.
        """
        self._ask("cut_zone", zone=zone, cut=cut, noticed=noticed)

    def heal(self) -> None:
        """Connect everything that was cut or split, and let frozen machines go on; lost power stays lost."""
        self._ask("heal")
