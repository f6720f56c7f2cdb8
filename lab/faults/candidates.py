"""What a shell completes of faults: machines, zones and volumes of the embedded AWS, and active faults."""

from collections.abc import Callable, Iterable

from emulator.faults import FaultClient
from kubequorum_cli.completion import Complete, names
from lab.settings import Settings


def client() -> FaultClient:
    """That of the running embedded AWS."""
    return FaultClient(Settings.from_environment().machines_state)


def _of_machines(what: str) -> Callable[[], Iterable[str]]:
    return lambda: sorted({getattr(machine, what) for machine in client().machines()})


instances = names(_of_machines("instance_id"))
"""Instances that run on machines."""
active = names(lambda: [fault.fault_id for fault in client().active()])
"""Active faults."""
OF_ARGUMENTS: dict[str, Complete] = {
    "instance_id": instances,
    "zone": names(_of_machines("zone")),
    "groups": instances,
}
"""An argument's name in the table of faults to what completes it."""
