"""`break`: what befalls machines."""

import sys
from functools import partial
from typing import Annotated

import typer

from kubequorum_cli.errors import UsageError
from lab.faults.options import Instance, Times, Unnoticed, app, breaks, say

_command = partial(app.command, rich_help_panel="Machines")


@_command("power-loss")
def power_loss(instance: Instance, *, unnoticed: Unnoticed = False) -> None:
    """Switch a machine off at once. What its disks have not written is lost."""
    breaks().power_loss(instance, noticed=not unnoticed)


@_command("power-on")
def power_on(instance: Instance) -> None:
    """Switch it on again, with the same disk, address and volumes."""
    breaks().power_on(instance)


@_command()
def freeze(instance: Instance, *, unnoticed: Unnoticed = False) -> None:
    """Stop everything on a machine where it is, as when its kernel hangs."""
    breaks().freeze(instance, noticed=not unnoticed)


@_command()
def thaw(instance: Instance) -> None:
    """Let a frozen machine go on."""
    breaks().freeze(instance, frozen=False)


@_command()
def cut(instance: Instance, *, unnoticed: Unnoticed = False) -> None:
    """Cut a machine off from everything: other machines, the API, names, metadata. `mend` connects it."""
    breaks().partition(instance, noticed=not unnoticed)


@_command()
def mend(instance: Instance) -> None:
    """Connect a machine that was cut off."""
    breaks().partition(instance, cut=False)


@_command("cut-zone")
def cut_zone(
    zone: Annotated[str, typer.Argument(help="E.g. us-east-1a.")],
    *,
    unnoticed: Unnoticed = False,
    undo: Annotated[bool, typer.Option("--undo", help="Connect it again.")] = False,
) -> None:
    """Cut a whole zone off, with its address of the load balancer. Inside it everything works."""
    breaks().cut_zone(zone, cut=not undo, noticed=not unnoticed)


@_command()
def split(
    groups: Annotated[list[str], typer.Argument(help="Instance ids, joined by commas; an argument a group.")],
) -> None:
    """Let machines of different groups not reach each other. All else reaches all of them.

    Example: `./kubequorum break split i-0aa i-0bb,i-0cc` leaves the first one alone with itself.
    """
    if len(groups) < 2:
        raise UsageError("one group is no split", remedy="name two, e.g.: break split i-0aa i-0bb,i-0cc")
    breaks().split(*(group.split(",") for group in groups))


@_command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def run(instance: Instance, command: Annotated[list[str], typer.Argument(help="And its arguments.")]) -> None:
    """Run a command on a machine as root, e.g. `./kubequorum break run i-0aa journalctl -n 20`."""
    stdin = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    done = breaks().run(instance, command, stdin=stdin, timeout_seconds=600)
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    raise typer.Exit(done.status if done.status >= 0 else 128 - done.status)


@_command("kill-at-line")
def kill_at_line(
    text: Annotated[str, typer.Argument(help="A part of the line, e.g. `attach-volume: done`.")],
    *,
    zone: Annotated[str | None, typer.Option(help="Of machines that are launched from now on.")] = None,
    instance: Annotated[str | None, typer.Option(help="Rather on this machine, now.")] = None,
    times: Times = 1,
) -> None:
    """Kill a Python program right after it has printed something: a crash at a chosen place."""
    say(breaks().kill_at_line(text, zone=zone, instance_id=instance, times=times))
