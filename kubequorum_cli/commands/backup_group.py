"""The commands for backups of etcd: names, options and help; a module each."""

from collections.abc import Callable
from typing import Annotated

import typer

from kubequorum_cli.target import Target


def add_commands(app: typer.Typer, find_target: Callable[[], Target], *, panel: str) -> None:
    """Add them to a panel of the help."""

    @app.command(rich_help_panel=panel)
    def backups(
        *, json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
    ) -> None:
        """List what etcd can be restored to: times, revisions, holes, and the last restore drill.

        An id names a moment: the generation of the data and etcd's revision, as in 1/4711. Not only the
        listed full snapshots can be restored to, but every revision that the logs have.

        Example: `./kubequorum backups --json | jq -r '.generations[0].newest.id'`
        """
        from kubequorum_cli.commands.backups import backups as run

        run(find_target(), as_json=json)

    @app.command(rich_help_panel=panel)
    def backup(*, timeout: Annotated[int, typer.Option(min=1, help="Seconds to wait for it.")] = 300) -> None:
        """Take a full snapshot of etcd now, and print its id.

        Before something dangerous. It has every write that was acknowledged before the command began, is
        verified, and is in the state bucket when this ends. `backups` lists it.

        Example: `./kubequorum backup && ./kubequorum kubectl delete namespace old`
        """
        from kubequorum_cli.commands.backup import backup as run

        run(find_target(), seconds=timeout)

    @app.command(rich_help_panel=panel)
    def restore(
        *,
        to: Annotated[
            str,
            typer.Option(
                help="`latest`, a time (2027-01-15T12:30:00Z), so long ago (90m, 2h, 1d), or an id of "
                "`backups`. Without it, a restore that was interrupted is continued."
            ),
        ] = "",
        from_cluster: Annotated[
            str,
            typer.Option(
                "--from",
                help="Restore the backups of another cluster into this one: its name, or s3:// and its state "
                "bucket.",
            ),
        ] = "",
        with_ca: Annotated[
            bool, typer.Option(help="With --from: the other cluster's CA set becomes this one's.")
        ] = False,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
        dry_run: Annotated[bool, typer.Option(help="Only say what would be done.")] = False,
        timeout: Annotated[int, typer.Option(min=1, help="Seconds to wait for all masters.")] = 1800,
    ) -> None:
        """Restore etcd from its backups, on all masters, into a cluster that no earlier one can come back to.

        It says what it will do and what is lost, asks, and writes one request to the state bucket. Masters
        that wait for lost data carry it out at once, all others are replaced. It may be stopped and run again
        at any point. It needs the zones of two of three masters. It works without the control plane's stack,
        too: then the masters restore when that is deployed.

        With --from, this cluster becomes a copy of another one, of which nothing is changed; best when only
        Network and State of this one are deployed.

        Examples: `./kubequorum restore --to latest` · `./kubequorum restore --to 90m --dry-run` ·
        `./kubequorum restore --from production --to latest`
        """
        from kubequorum_cli.commands.restore import restore as run

        run(
            find_target(),
            to=to,
            yes=yes,
            dry_run=dry_run,
            seconds=timeout,
            from_cluster=from_cluster,
            with_ca=with_ca,
        )
