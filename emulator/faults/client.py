"""The client: a method for each fault of the table, and what looks at faults and clears them."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emulator.faults import channel
from emulator.faults.declaration import Fault
from emulator.faults.model import ActiveFault, CommandResult, Machine, Network
from emulator.faults.table import FaultTable

PATIENCE_SECONDS = 120.0
"""For an answer; some faults wait for a machine or the kernel."""


class FaultClient(FaultTable):
    """Injects faults into the emulator of a state folder. Methods may be called from several threads.

    All raise `FaultError` when the emulator refuses, `UnknownTargetError` for a machine, volume or active
    fault that does not exist, and `EmulatorNotRunningError` when no emulator runs. The faults themselves are
    declared in `FaultTable`.
    """

    def __init__(self, state_dir: Path) -> None:
        """`state_dir` is the emulator's --state-dir."""
        self._state_dir = state_dir

    def inject(self, fault: Fault, **arguments: Any) -> Any:
        """Inject a fault that is known by its entry in the table only, e.g. to a command line."""
        return self._send(fault.name, **arguments)

    def active(self) -> list[ActiveFault]:
        """Every active fault, the oldest first."""
        return [ActiveFault(**entry) for entry in self._send("active")]

    def clear(self, fault_id: str) -> None:
        """Clear one active fault; `UnknownTargetError` if it is not active, e.g. because it is used up."""
        self._send("clear", fault_id=fault_id)

    def clear_all(self) -> None:
        """Clear every active fault, and `heal`."""
        self._send("clear_all")

    def heal(self) -> None:
        """Remove every partition and thaw every frozen machine; lost power stays lost."""
        self._send("heal")

    def machines(self) -> list[Machine]:
        """Every machine that faults can be injected into, with its state."""
        return [Machine(**entry) for entry in self._send("machines")]

    def networks(self) -> Network:
        """The partitions of the network."""
        return Network(**self._send("networks"))

    def run(
        self, instance_id: str, command: Sequence[str], *, stdin: bytes = b"", timeout_seconds: float = 60
    ) -> CommandResult:
        """Run a command as the machine's root, and wait for its end.

        Raises:
            UnknownTargetError: there is no such machine, or it is off.
            TimedOutError: it took longer than `timeout_seconds` and was killed.
        """
        parameters = {
            "instance_id": instance_id,
            "command": list(command),
            "stdin": base64.b64encode(stdin).decode(),
            "timeout_seconds": timeout_seconds,
        }
        patience_seconds = timeout_seconds + PATIENCE_SECONDS
        answer = channel.ask(self._state_dir, "run", parameters, timeout_seconds=patience_seconds)
        return CommandResult(
            status=answer["status"],
            stdout=base64.b64decode(answer["stdout"]),
            stderr=base64.b64decode(answer["stderr"]),
        )

    def _send(self, name: str, **parameters: Any) -> Any:
        # A connection for each call, so that methods may be called from several threads.
        return channel.ask(self._state_dir, name, parameters, timeout_seconds=PATIENCE_SECONDS)
