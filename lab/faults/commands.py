"""The commands of `fault` that inject nothing: list, clear, heal, and commands on machines."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from kubequorum_cli.console import stdout
from lab.faults import candidates, generated, report

_PANEL = "Look and clear"

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _faults() -> None:
    """Inject faults into the running embedded AWS, and see how the cluster copes.

    Machines lose their power, hang, or are partitioned; AWS's API fails, is slow, or loses a request; volumes
    stay attached or lose their data. Only what `up` started on this machine is affected. Faults of machines
    and volumes need machines that boot (Linux, root); those of AWS work with any.

    Start with `fault list`. Watch the effects with `./kubequorum status`, `./kubequorum logs -f` and
    `./kubequorum kubectl get nodes -w`. End with `fault clear-all`.

    Example: after `./kubequorum fault power-loss i-0123456789abcdef0` the instance's group launches another
    master, which takes over volume, name and data.
    """


@app.command("list", rich_help_panel=_PANEL)
def show(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
) -> None:
    """List the machines and the active faults."""
    found = report.collect(candidates.client())
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        report.show(found, stdout())


@app.command(rich_help_panel=_PANEL)
def clear(
    fault_id: Annotated[
        str, typer.Argument(help="As `list` shows it, e.g. api-3.", autocompletion=candidates.active)
    ],
) -> None:
    """Clear one active fault."""
    candidates.client().clear(fault_id)


@app.command("clear-all", rich_help_panel=_PANEL)
def clear_all() -> None:
    """Clear every active fault, and `heal`."""
    candidates.client().clear_all()


@app.command(rich_help_panel=_PANEL)
def heal() -> None:
    """Remove every partition and thaw every frozen machine. Lost power stays lost."""
    candidates.client().heal()


@app.command(
    rich_help_panel=_PANEL,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
def run(
    instance_id: Annotated[
        str, typer.Argument(help="The instance's id.", autocompletion=candidates.instances)
    ],
    command: Annotated[list[str], typer.Argument(help="And its arguments.")],
) -> None:
    """Run a command on a machine as root, e.g. `./kubequorum fault run i-0aa journalctl -n 20`."""
    stdin = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    done = candidates.client().run(instance_id, command, stdin=stdin, timeout_seconds=600)
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    raise typer.Exit(done.status if done.status >= 0 else 128 - done.status)


generated.add_all(app, candidates.client)
