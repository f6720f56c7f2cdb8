"""`break list`, and the commands that mend."""

import json
from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from kubequorum_cli.console import stdout
from lab.faults import report
from lab.faults.options import app, breaks

_command = partial(app.command, rich_help_panel="Look and mend")


@app.callback()
def _breaking() -> None:
    """Break things in the running embedded AWS, and see what the cluster makes of it.

    Machines lose their power, hang, or are cut off; AWS's API fails, is slow, or loses a request; volumes
    stay stuck or lose their data. It touches nothing but what `up` started on this machine. What befalls
    machines needs machines that boot (Linux, root); the API can be broken with any.

    Look first: `break list`. While you break things, watch: `./kubequorum status`, `./kubequorum logs -f`,
    `./kubequorum kubectl get nodes -w`. In the end: `break heal-all`.

    Example: `./kubequorum break power-loss i-0123456789abcdef0`, and its group brings another master, with
    the same volume, name and data.
    """


@_command("list")
def show(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
) -> None:
    """Show the machines that there are, and everything that is broken or waits for its time."""
    found = report.collect(breaks())
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        report.show(found, stdout())


@_command()
def heal() -> None:
    """Connect everything that was cut or split, and let frozen machines go on. Lost power stays lost."""
    breaks().heal()


@_command("heal-all")
def heal_all() -> None:
    """`heal`, and remove everything that makes the API fail or waits for its time."""
    breaks().heal_all()


@_command()
def remove(switch: Annotated[str, typer.Argument(help="As `list` shows it, e.g. api-3.")]) -> None:
    """Remove one thing of those that `list` shows."""
    breaks().remove(switch)
