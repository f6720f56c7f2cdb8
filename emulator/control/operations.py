"""What the channel understands beside faults: looking at them, clearing them, and commands on machines."""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from emulator.api.context import Context
from emulator.faults import FaultError
from emulator.interfaces.faults import FaultyMachines
from emulator.interfaces.machines import Machines

Operation = Callable[..., Any]


def all_of(context: Context) -> dict[str, Operation]:
    """Every operation by its name."""
    active, kill_at_line, machines = context.active_faults, context.kill_at_line, context.machines
    faults = machines.faults if isinstance(machines, FaultyMachines) else None

    def list_active() -> list[dict[str, Any]]:
        if kill_at_line is not None and faults is not None:
            kill_at_line.settle(faults.killed_at_line())
        return [entry.as_response() for entry in active.all()]

    def heal() -> None:
        if faults is not None:
            faults.heal()

    def clear_all() -> None:
        active.clear_all()
        heal()

    return {
        "active": list_active,
        "clear": active.clear,
        "clear_all": clear_all,
        "heal": heal,
        "machines": faults.machines if faults is not None else list,
        "networks": faults.networks if faults is not None else lambda: {"sides": [], "zones": []},
        "run": partial(_run, machines),
    }


def _run(
    machines: Machines, *, instance_id: str, command: Sequence[str], stdin: str, timeout_seconds: float
) -> Mapping[str, Any]:
    if not isinstance(machines, FaultyMachines):
        raise FaultError(
            "commands run on machines that boot only, and this emulator has none: "
            "start it with `--machines nspawn` (Linux, root)"
        )
    done = machines.run(instance_id, command, timeout_seconds=timeout_seconds, stdin=base64.b64decode(stdin))
    return {
        "status": done.returncode,
        "stdout": base64.b64encode(done.stdout).decode(),
        "stderr": base64.b64encode(done.stderr).decode(),
    }
