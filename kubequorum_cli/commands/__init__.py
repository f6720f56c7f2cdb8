"""The commands for a cluster, for any target: names, options and help here, a module each."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from kubequorum_cli.commands import access_group, backup_group, plan
from kubequorum_cli.completion import SHELLS, names
from kubequorum_cli.target import Target

_PANEL = "Cluster"


def add_commands(app: typer.Typer, find_target: Callable[[], Target]) -> None:
    """Add the commands; `find_target` says which cluster is meant, when one of them runs."""

    @app.command(rich_help_panel=_PANEL)
    def status(
        *, json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
    ) -> None:
        """Show what was built, with its state now.

        Zones, groups, instances, volumes, load balancer, names, stacks and backups by the AWS API; nodes
        by the Kubernetes API.

        Example: `./kubequorum status --json | jq '.groups[].instances[].id'`
        """
        from kubequorum_cli.commands.status import status as run

        run(find_target(), as_json=json)

    @app.command(rich_help_panel=_PANEL)
    def validate(
        *,
        wait: Annotated[
            str, typer.Option(help="Repeat until nothing is wrong, for so long at most: seconds, or 10m.")
        ] = "0",
        json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    ) -> None:
        """Look at everything once, and say what is wrong.

        Stacks, groups, instances, slots and their records, volumes, load balancers, names, the API, nodes,
        the pods of the control plane, certificates, clocks, backups and addons. Nothing is changed. Each
        finding has an id, what is seen, and what to do: docs/operations/findings.md lists them. What a
        deployment does at the moment is a warning. What cannot be read is an error.

        Exit codes: 0 nothing is wrong (there may be warnings), 1 something is wrong, 2 wrong usage.

        Examples: `./kubequorum validate` · `./kubequorum validate --wait 10m` ·
        `./kubequorum validate --json | jq -r '.findings[].id'`
        """
        from kubequorum_cli.commands.validate import validate as run

        run(find_target(), wait=wait, as_json=json)

    plan.add_command(app, find_target, panel=_PANEL)

    @app.command(rich_help_panel=_PANEL)
    def roll(
        *,
        slot: Annotated[
            str,
            typer.Option(
                help="Only this master: a slot (a, b, c), or its instance's id.",
                autocompletion=names(lambda: _masters(find_target())),
            ),
        ] = "",
        launched_before: Annotated[
            str,
            typer.Option(
                help="Only masters launched before a moment: a time (2027-01-15T12:30:00Z), or so long ago "
                "(90m, 2h, 7d)."
            ),
        ] = "",
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        dry_run: Annotated[
            bool, typer.Option(help="Only say what would be done, and whether it may.")
        ] = False,
        timeout: Annotated[
            int | None,
            typer.Option(
                min=1, help="Seconds for each successor.", show_default="what the lifecycle hooks allow"
            ),
        ] = None,
        json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    ) -> None:
        """Replace masters one by one, without a deployment: a → b → c, or one of them.

        It says what it will do and how long that takes, asks, takes a backup, and has each group terminate
        its master gracefully and launch another one, with the same volume, name and data. The gates are those
        of a deployment: `validate` finds no error, and nothing else is under way. If one stays closed, or a
        successor does not come, it ends there, and the other masters stay as they are. Then, or interrupted,
        it names the command that replaces only what has not been replaced.

        Exit codes: 0 done, or nothing to do, 1 refused, failed or interrupted, 2 wrong usage.

        Examples: `./kubequorum roll` · `./kubequorum roll --slot b` ·
        `./kubequorum roll --launched-before 7d --dry-run` · `./kubequorum roll --yes --json | jq .outcome`
        """
        from kubequorum_cli.commands.roll import roll as run

        run(
            find_target(),
            node=slot,
            launched_before=launched_before,
            yes=yes,
            dry_run=dry_run,
            seconds=timeout,
            as_json=json,
        )

    @app.command(rich_help_panel=_PANEL)
    def events(
        *,
        since: Annotated[str, typer.Option(help="How far back: seconds, or 90m, 2h, 1d.")] = "1h",
        json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False,
    ) -> None:
        """List what has happened, oldest first: by CloudFormation, Auto Scaling and Kubernetes.

        Events of stacks, activities of groups, and Kubernetes' Events of nodes and in kube-system, which it
        keeps for an hour. Times are UTC.

        Example: `./kubequorum events --since 20m`
        """
        from kubequorum_cli.commands.events import events as run

        run(find_target(), since=since, as_json=json)

    @app.command(rich_help_panel=_PANEL)
    def picture(
        *,
        open_page: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
        save: Annotated[
            Path | None,
            typer.Option(help="Write the picture of now into one HTML file instead.", dir_okay=False),
        ] = None,
        port: Annotated[int, typer.Option(min=0, max=65535, help="Local port; 0 for any.")] = 0,
    ) -> None:
        """Show the cluster as a live diagram that grows step by step, in the browser, until Ctrl-C.

        From the cloud to who talks to whom; each step says what it adds and which file makes it. What dies,
        moves or drains is seen as it happens, and the last 15 minutes can be wound back. It asks AWS about
        once a second, changes nothing, and is reached from this computer only, by the address it prints.

        Examples: `./kubequorum picture --open` · `./kubequorum picture --save picture.html`
        """
        from kubequorum_cli.commands import picture as command

        if save is not None:
            command.save(find_target(), save)
        else:
            command.picture(find_target(), port=port, open_page=open_page)

    @app.command(rich_help_panel=_PANEL)
    def dump(
        *,
        output: Annotated[
            Path | None,
            typer.Option(help="The archive's file.", show_default="kubequorum-dump-….tar.gz", dir_okay=False),
        ] = None,
        lines: Annotated[
            int, typer.Option(min=1, help="Of each log and journal, so many at the end.")
        ] = 5000,
        json: Annotated[bool, typer.Option("--json", help="For programs: print the manifest.")] = False,
    ) -> None:
        """Put everything that support wants into one archive, without secrets, and print its path.

        What `status`, `validate` and `events` say; stacks, groups, instances, volumes and targets as AWS
        describes them, console output, slot records; nodes, pods, events and more of the Kubernetes API, logs
        of kube-system; journals, where there is a way onto machines. What cannot be had is named in its
        manifest, and ends nothing. Nothing is changed.

        Example: `./kubequorum dump --output dump.tar.gz`
        """
        from kubequorum_cli.commands.dump import dump as run

        run(find_target(), output=output, lines=lines, as_json=json)

    @app.command(rich_help_panel=_PANEL)
    def completion(
        shell: Annotated[str, typer.Argument(help="`bash` or `zsh`.", autocompletion=names(lambda: SHELLS))],
    ) -> None:
        """Print a script with which a shell completes commands, options, slots, instances and faults.

        It counts for a program that is called `kubequorum`, by any path. Names that only the cluster knows
        are asked for when Tab is pressed, for two seconds at most.

        Examples: `source <(./kubequorum completion bash)` · for zsh, after `compinit`:
        `source <(./kubequorum completion zsh)`
        """
        from kubequorum_cli.commands.completion import completion as run

        run(shell)

    access_group.add_commands(app, find_target, panel=_PANEL)
    backup_group.add_commands(app, find_target, panel=_PANEL)


def _masters(target: Target) -> Iterator[str]:
    """What `roll` takes: slots, then the instances of masters."""
    from kubequorum_cli.resources import Resources

    resources = Resources(target)
    yield from resources.slots
    yield from sorted(str(each["InstanceId"]) for found in resources.all_members().values() for each in found)
