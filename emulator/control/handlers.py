"""What each fault of the table does, by its name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emulator.api import events, sessions
from emulator.api.context import Context
from emulator.api.ec2 import api_instances, delays, instance_facts, machine_reports, notices
from emulator.api.ecr import tokens
from emulator.api.request_faults import clocks, rules
from emulator.api.worker import Worker
from emulator.faults import FAULTS, FaultError, FaultId, aws_times
from emulator.faults.kill_at_line import KillAtLineFaults
from emulator.faults.store import ActiveFaults
from emulator.interfaces.faults import FaultHandler, FaultyMachines, MachineFaults
from emulator.interfaces.machines import Machines


def all_of(context: Context) -> dict[str, FaultHandler]:
    """The handlers of every fault.

    Raises:
        RuntimeError: the table and the handlers do not agree.
    """
    found = {
        **_of_aws(context.active_faults, context.worker),
        **_of_machines(context.machines, context.kill_at_line),
    }
    check_complete(found)
    return found


def check_complete(found: Mapping[str, FaultHandler]) -> None:
    """Check that each fault of the table has a handler, and each handler a fault.

    Raises:
        RuntimeError: the message names those that are missing.
    """
    if differing := sorted(set(FAULTS) ^ set(found)):
        raise RuntimeError(f"in the table of faults or among their handlers only: {', '.join(differing)}")


def _of_aws(active: ActiveFaults, worker: Worker) -> dict[str, FaultHandler]:
    def stays(kind: str) -> Callable[..., FaultId]:
        def add(*, times: int | None, **about: Any) -> FaultId:
            return active.add(kind, about, times=times)

        return add

    return {
        "api": partial(rules.add, active),
        "imds": partial(_imds, active),
        "clock": partial(clocks.add, active),
        "expire_credentials": _expire_credentials,
        "aws_times": partial(aws_times.add, active),
        "short_registry_tokens": partial(tokens.shorten, active),
        "hold_detach": stays(delays.HELD_DETACH),
        "delay_attach": stays(delays.SLOW_ATTACH),
        "fail_status_checks": partial(machine_reports.status_check, passed=False),
        "pass_status_checks": partial(machine_reports.status_check, passed=True),
        "interrupt_spot": partial(notices.interrupt, worker),
        "recommend_rebalance": notices.recommend_rebalance,
        "schedule_event": notices.schedule_event,
        "hide_instance": stays(api_instances.HIDDEN_INSTANCE),
        "lose_event": stays(events.LOST_EVENT),
        "lose_completion": partial(_lose_completion, active),
    }


def _of_machines(machines: Machines, kill_at_line: KillAtLineFaults | None) -> Mapping[str, FaultHandler]:
    if not isinstance(machines, FaultyMachines) or kill_at_line is None:
        return {name: partial(_refuse, name) for name, fault in FAULTS.items() if fault.group.needs_machines}
    faults = machines.faults
    return {**faults.handlers(), "kill_at_line": partial(_kill_at_line, faults, kill_at_line)}


def _refuse(name: str, **parameters: Any) -> Any:
    del parameters
    raise FaultError(
        f"{name} needs machines that boot, and this emulator has none: "
        "start it with `--machines nspawn` (Linux, root)"
    )


def _imds(active: ActiveFaults, *, times: int | None, **about: Any) -> FaultId:
    if not about["delay_seconds"] and about["status"] is None:
        raise FaultError("imds needs an effect: delay_seconds or status, or both")
    return active.add(instance_facts.METADATA_TROUBLE, about, times=times)


def _expire_credentials(*, instance_id: str) -> None:
    if not sessions.expire(instance_id):
        raise LookupError(f"{instance_id} has no session of a role that could expire")


def _lose_completion(active: ActiveFaults, *, instance_id: str | None, times: int) -> FaultId:
    return rules.add(
        active,
        service="autoscaling",
        operation="CompleteLifecycleAction",
        instance_id=instance_id,
        lost="silently",
        times=times,
    )


def _kill_at_line(
    faults: MachineFaults,
    kill_at_line: KillAtLineFaults,
    *,
    line: str,
    zone: str | None,
    instance_id: str | None,
    times: int,
) -> FaultId | None:
    if instance_id is not None:
        faults.kill_at_line(instance_id, line)
        return None
    return kill_at_line.add(line=line, zone=zone, times=times)
