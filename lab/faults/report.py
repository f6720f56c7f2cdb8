"""What `fault list` shows."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from emulator.faults import ActiveFault, FaultClient, Machine, Network


@dataclass(frozen=True, kw_only=True)
class Report:
    """The machines, the partitions and the active faults."""

    machines: list[Machine]
    network: Network
    active: list[ActiveFault]


def collect(client: FaultClient) -> Report:
    """Ask the emulator; FaultError if none runs."""
    return Report(machines=client.machines(), network=client.networks(), active=client.active())


def show(report: Report, console: Console) -> None:
    """Print it for people."""
    if report.machines:
        table = Table("Instance", "Zone", "Address", "State", box=None, header_style="bold")
        for machine in sorted(report.machines, key=lambda machine: (machine.zone, machine.instance_id)):
            table.add_row(machine.instance_id, machine.zone, machine.address, _state(machine))
        console.print(table)
    else:
        console.print("No machines that faults can be injected into; AWS's services accept them.")
    if report.network.sides:
        sides = " | ".join(" ".join(side) for side in report.network.sides)
        console.print(f"Split: {sides}", markup=False, highlight=False)
    if report.network.zones:
        console.print(f"Partitioned zones: {', '.join(report.network.zones)}", highlight=False)
    for fault in report.active:
        about = " ".join(f"{name}={value}" for name, value in fault.about.items())
        used = f" (had its effect {fault.used} times)" if fault.used else ""
        console.print(f"{fault.fault_id}: {about}{used}", markup=False, highlight=False)


def _state(machine: Machine) -> str:
    flags = {"frozen": machine.frozen, "partitioned": machine.partitioned}
    return "no power" if not machine.on else ", ".join(word for word, is_so in flags.items() if is_so) or "on"
