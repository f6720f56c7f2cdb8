"""Shows a report to a person, as tables."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubequorum_cli.report.model import Report
from kubequorum_cli.resources import IN_SERVICE

_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", IN_SERVICE, "in-use", "active", "healthy"}
_BAD = ("FAILED", "ROLLBACK", "unhealthy", "Unhealthy", "gone", "error")


def show(report: Report, console: Console) -> None:
    """Print all tables that have rows."""
    tables = [_stacks(report), _zones(report), _groups(report), _events(report), _volumes(report)]
    shown = [table for table in [*tables, _balancers(report), _names(report)] if table.row_count]
    if not shown:
        console.print("No stack is deployed.")
    for table in shown:
        console.print(table)
        console.print()


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.padding = (0, 3, 0, 0)
    return table


def _state(text: str) -> Text:
    style = "green" if text in _GOOD else "red" if any(word in text for word in _BAD) else "yellow"
    return Text(text, style=style)


def _stacks(report: Report) -> Table:
    table = _table("Stacks", "stack", "state", "output", "value")
    for stack in report.stacks:
        rows = list(stack.outputs.items()) or [("", "")]
        # Exports for other stacks tell a person nothing.
        rows = [(key, value) for key, value in rows if not key.startswith("Exports")] or [("", "")]
        for number, (key, value) in enumerate(rows):
            first = number == 0
            table.add_row(stack.name if first else "", _state(stack.status) if first else "", key, value)
    return table


def _zones(report: Report) -> Table:
    table = _table("Zones", "zone", "subnets")
    for zone in report.zones:
        table.add_row(zone.name, ", ".join(f"{id_} {cidr}" for id_, cidr in zone.subnets.items()))
    return table


def _groups(report: Report) -> Table:
    columns = ("group", "min/desired/max", "instance", "zone", "type", "address", "state", "in the group")
    table = _table("Groups and instances", *columns)
    for group in report.groups:
        size = f"{group.min_size}/{group.desired}/{group.max_size}"
        if not group.instances:
            table.add_row(group.name, size, "none", ", ".join(group.zones))
        for number, instance in enumerate(group.instances):
            in_group = instance.lifecycle_state
            if instance.health != "Healthy":
                in_group += f", {instance.health}"
            table.add_row(
                group.name if number == 0 else "",
                size if number == 0 else "",
                instance.id,
                instance.zone,
                instance.type,
                instance.private_ip,
                instance.state,
                _state(in_group),
            )
    return table


def _events(report: Report) -> Table:
    table = _table("Scheduled by EC2", "instance", "event")
    for group in report.groups:
        for instance in group.instances:
            for event in instance.scheduled_events:
                table.add_row(instance.id, Text(event, style="yellow"))
    return table


def _volumes(report: Report) -> Table:
    table = _table("Volumes", "volume", "name", "zone", "GiB", "encrypted", "state", "attached to")
    for volume in report.volumes:
        encrypted = "yes" if volume.encrypted else "no"
        row = (volume.id, volume.name, volume.zone, str(volume.size_gib), encrypted)
        table.add_row(*row, _state(volume.state), volume.attached_to)
    return table


def _balancers(report: Report) -> Table:
    table = _table("Load balancers", "name", "scheme", "state", "address", "target", "health")
    for balancer in report.load_balancers:
        rows = list(balancer.targets.items()) or [("none", "")]
        for number, (target, health) in enumerate(rows):
            head = (balancer.name, balancer.scheme, _state(balancer.state), balancer.dns_name)
            table.add_row(*(head if number == 0 else ("",) * 4), target, _state(health))
    return table


def _names(report: Report) -> Table:
    table = _table("Names", "name", "type", "value", "zone")
    for name in report.names:
        zone = "private" if name.private else "public"
        table.add_row(name.name.rstrip("."), name.type, ", ".join(name.values), zone)
    return table
