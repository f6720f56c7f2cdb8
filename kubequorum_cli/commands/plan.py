"""`plan`: what a deployment of a cluster file would do, and whether it may."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kubequorum_cli.completion import cluster_files
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.errors import UsageError
from kubequorum_cli.target import Target


def add_command(app: typer.Typer, find_target: Callable[[], Target], *, panel: str) -> None:
    """Add the command, with its options and help."""

    @app.command(rich_help_panel=panel)
    def plan(
        *,
        cluster: Annotated[
            Path,
            typer.Option(
                help="Cluster file that would be deployed.", dir_okay=False, autocompletion=cluster_files
            ),
        ],
        allow: Annotated[
            list[str] | None, typer.Option(help="A refusal that is meant, by its id; may be repeated.")
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    ) -> None:
        """Say what a deployment of a cluster file would do, before it is made.

        Which stacks change; which machines are replaced, in which order, why and how long that takes; what
        happens to data and versions; pods that a drain disturbs, deprecated APIs in use, and backups. What
        would destroy data or the quorum is refused: docs/operations/plan.md lists the findings. Synthesises
        the app in the current folder, and asks CloudFormation with change sets, which are deleted again;
        nothing is deployed. Costs are not looked at.

        Exit codes: 0 nothing speaks against it (there may be warnings), 1 refused or failed, 2 wrong usage.

        Examples: `./kubequorum plan --cluster clusters/local.yaml` ·
        `./kubequorum plan --cluster clusters/local.yaml --json | jq '.machines[].why'`
        """
        run(find_target(), cluster, allow=allow or [], as_json=json)


def run(target: Target, cluster_file: Path, *, allow: Sequence[str], as_json: bool) -> None:
    """Print the plan to stdout; ends with 1 if it is refused.

    Raises:
        UsageError: a name to allow is none, or the file is another cluster's.
        CommandError: the deployment cannot be planned.
    """
    from kubequorum_cli.plan import REFUSALS, make, show

    if unknown := sorted(set(allow) - set(REFUSALS)):
        raise UsageError(
            f"--allow {unknown[0]} names no refusal", why=f"there are {', '.join(REFUSALS)}", remedy="use one"
        )
    with Progress().stage(f"plan {cluster_file} for cluster {target.cluster}") as stage:
        found = make(target, cluster_file, allow=allow)
        if found.refusals:
            stage.fail()
    if as_json:
        refused = [each.id for each in found.refusals]
        print(json.dumps({**target.details, **asdict(found), "refused": refused}, indent=2))
    else:
        show(found, stdout())
    if found.refusals:
        raise typer.Exit(1)
