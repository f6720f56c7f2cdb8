"""What the channel understands, by name."""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from local.api import events
from local.api.breaks import clocks, rules
from local.api.breaks.machine_breaks import Breakable
from local.api.breaks.switches import Switches
from local.api.context import Context
from local.api.ec2 import delays, facts, reports
from local.api.iam import sessions
from local.api.machines import Machines
from local.breaks.errors import BreakError


def all_of(context: Context) -> dict[str, Callable[..., Any]]:
    """Everything that the channel of an emulator understands."""
    return {
        **of_switches(context.switches),
        **of_aws(context.switches),
        **of_machines(context.machines),
    }


def of_switches(switches: Switches) -> dict[str, Callable[..., Any]]:
    """Looking at what is on, and switching it off."""
    return {
        "switches": lambda: [entry.as_response() for entry in switches.all()],
        "remove": switches.remove,
        "clear": switches.clear,
    }


def of_aws(switches: Switches) -> dict[str, Callable[..., Any]]:
    """What can happen to requests, volumes' attachments, events, and the metadata service."""

    def switch(kind: str) -> Callable[..., str]:
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


def of_machines(machines: Machines) -> dict[str, Callable[..., Any]]:
    """What can befall machines; of machines that cannot be broken there is none."""
    if not isinstance(machines, Breakable):
        return {"machines": list, "heal": lambda: None, **dict.fromkeys(_OF_MACHINES, _refuse)}
    mishaps = machines.mishaps
    return {
        "run": _runner(machines),
        **{name: getattr(mishaps, name) for name in ("machines", "heal", *_MISHAPS)},
    }


_MISHAPS = ("power_loss", "power_on", "freeze", "partition")
_OF_MACHINES = ("run", *_MISHAPS)


def _expire_credentials(*, instance_id: str) -> None:
    if not sessions.expire(instance_id):
        raise LookupError(f"{instance_id} has no session of a role that could end")


def _refuse(**parameters: Any) -> Any:
    del parameters
    raise BreakError(
        "the machines of this embedded AWS cannot be broken: they are no real ones; "
        "start it with `--machines nspawn` (Linux, root)"
    )


def _runner(machines: Breakable) -> Callable[..., Mapping[str, Any]]:
    def run(
        *, instance_id: str, command: Sequence[str], stdin: str, timeout_seconds: float
    ) -> Mapping[str, Any]:
        done = machines.run(
            instance_id, command, timeout_seconds=timeout_seconds, stdin=base64.b64decode(stdin)
        )
        return {
            "status": done.returncode,
            "stdout": base64.b64encode(done.stdout).decode(),
            "stderr": base64.b64encode(done.stderr).decode(),
        }

    return run
