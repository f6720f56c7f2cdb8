"""What the channel understands, by name."""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from emulator.api import events
from emulator.api.context import Context
from emulator.api.ec2 import delays, facts, reports
from emulator.api.faults import clocks, rules
from emulator.api.faults.kills import Kills
from emulator.api.faults.machine_breaks import Breakable, Mishaps
from emulator.api.faults.switches import Switches
from emulator.api.iam import sessions
from emulator.api.machines import Machines
from emulator.faults.errors import BreakError

Command = Callable[..., Any]

_OF_MISHAPS = ("power_loss", "power_on", "freeze", "partition", "split", "cut_zone")
_OF_VOLUMES = ("wipe", "corrupt", "alter", "fill", "unfill")


def all_of(context: Context) -> dict[str, Command]:
    """Everything that the channel of an emulator understands."""
    return {
        **_of_switches(context),
        **_of_aws(context.switches),
        **_of_machines(context.machines, context.kills),
    }


def _of_switches(context: Context) -> dict[str, Command]:
    switches, kills, machines = context.switches, context.kills, context.machines

    def listed() -> list[dict[str, Any]]:
        if kills is not None and isinstance(machines, Breakable):
            kills.settle(machines.mishaps.kills())
        return [entry.as_response() for entry in switches.all()]

    return {
        "switches": listed,
        "remove": switches.remove,
        "clear": switches.clear,
    }


def _of_aws(switches: Switches) -> dict[str, Command]:
    def switch(kind: str) -> Command:
        def add(*, times: int | None = None, **about: Any) -> str:
            return switches.add(kind, about, times=times)

        return add

    return {
        "api": partial(rules.add, switches),
        "clock": partial(clocks.add, switches),
        "expire_credentials": _expire_credentials,
        "hold_detach": switch(delays.HELD_DETACH),
        "delay_attach": switch(delays.SLOW_ATTACH),
        "impair": lambda instance_id, impaired: reports.status_check(instance_id, passed=not impaired),
        "lose_event": switch(events.LOST_EVENT),
        "imds": switch(facts.METADATA_TROUBLE),
    }


def _of_machines(machines: Machines, kills: Kills | None) -> dict[str, Command]:
    if not isinstance(machines, Breakable) or kills is None:
        names = ["run", "kill_at_line", *_OF_MISHAPS, *(f"{name}_volume" for name in _OF_VOLUMES)]
        nothing: dict[str, Command] = {
            "machines": list,
            "networks": lambda: {"sides": [], "zones": []},
            "heal": lambda: None,
        }
        return {**dict.fromkeys(names, _refuse), **nothing}
    mishaps = machines.mishaps
    return {
        "run": partial(_run, machines),
        "kill_at_line": partial(_kill_at_line, mishaps, kills),
        **{name: getattr(mishaps, name) for name in ("machines", "networks", "heal", *_OF_MISHAPS)},
        **{f"{name}_volume": getattr(machines.volume_mishaps, name) for name in _OF_VOLUMES},
    }


def _refuse(**parameters: Any) -> Any:
    del parameters
    raise BreakError(
        "the machines of this embedded AWS cannot be broken: they are no real ones; "
        "start it with `--machines nspawn` (Linux, root)"
    )


def _expire_credentials(*, instance_id: str) -> None:
    if not sessions.expire(instance_id):
        raise LookupError(f"{instance_id} has no session of a role that could end")


def _kill_at_line(
    mishaps: Mishaps,
    kills: Kills,
    *,
    line: str,
    zone: str | None,
    instance_id: str | None,
    times: int | None,
) -> str | None:
    if instance_id is not None:
        mishaps.kill_at_line(instance_id, line)
        return None
    return kills.add(line=line, zone=zone, times=times)


def _run(
    machines: Breakable, *, instance_id: str, command: Sequence[str], stdin: str, timeout_seconds: float
) -> Mapping[str, Any]:
    done = machines.run(instance_id, command, timeout_seconds=timeout_seconds, stdin=base64.b64decode(stdin))
    return {
        "status": done.returncode,
        "stdout": base64.b64encode(done.stdout).decode(),
        "stderr": base64.b64encode(done.stderr).decode(),
    }
