"""What `break list` shows."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from emulator.faults import Breaks, Machine, Network, Switch


@dataclass(frozen=True, kw_only=True)
class Report:
    """The machines, and everything that is broken."""

    machines: list[Machine]
    network: Network
    switches: list[Switch]


def collect(breaks: Breaks) -> Report:
    """Ask for it; BreakError if nothing runs."""
    return Report(machines=breaks.machines(), network=breaks.networks(), switches=breaks.switches())


def show(report: Report, console: Console) -> None:
    """Print it for people."""
    if report.machines:
        table = Table("Instance", "Zone", "Address", "State", box=None, header_style="bold")
        for machine in sorted(report.machines, key=lambda machine: (machine.zone, machine.instance_id)):
            table.add_row(machine.instance_id, machine.zone, machine.address, _state(machine))
        console.print(table)
    else:
        console.print("No machines that can be broken; AWS's API can be.")
    if report.network.sides:
        sides = " | ".join(" ".join(side) for side in report.network.sides)
        console.print(f"Split: {sides}", markup=False, highlight=False)
    if report.network.zones:
        console.print(f"Zones cut off: {', '.join(report.network.zones)}", highlight=False)
    for switch in report.switches:
        about = " ".join(f"{name}={value}" for name, value in switch.about.items())
        used = f" (happened {switch.used} times)" if switch.used else ""
        console.print(f"{switch.switch_id}: {about}{used}", markup=False, highlight=False)


def _state(machine: Machine) -> str:
    wrong = [word for word, is_so in (("frozen", machine.frozen), ("cut off", machine.cut)) if is_so]
    return "no power" if not machine.on else ", ".join(wrong) or "on"
