"""The commands that read a cluster's state, for any target: names, options and help here, a module each."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kubequorum_cli.commands import plan
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

    @app.command(
        rich_help_panel=_PANEL,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    def kubectl(
        arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of kubectl.")] = None,
    ) -> None:
        """Run kubectl as an administrator of the cluster, through the load balancer.

        Examples: `./kubequorum kubectl get nodes` · `./kubequorum kubectl -n kube-system get pods -o wide`
        """
        from kubequorum_cli.commands.kubectl import kubectl as run

        run(find_target(), arguments or [])

    @app.command(rich_help_panel=_PANEL)
    def kubeconfig() -> None:
        """Write a kubeconfig with which any kubectl of this computer reaches the cluster.

        Whoever can read it is an administrator of the cluster for a day. Run this again to renew it.

        Example: `eval "$(./kubequorum kubeconfig)" && kubectl get nodes`
        """
        from kubequorum_cli.commands.kubeconfig import kubeconfig as run

        run(find_target())

    @app.command(
        rich_help_panel=_PANEL,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    def ssh(
        node: Annotated[str, typer.Argument(help="A slot (a, b, c), or an instance's id: its node's name.")],
        command: Annotated[
            list[str] | None, typer.Argument(help="What to run there; without it, a shell.")
        ] = None,
    ) -> None:
        """Get a shell on a machine, or run a command there, as root.

        On AWS it is SSH through the cluster's EC2 Instance Connect Endpoint: see `access` in the cluster
        file. Of several words each is one argument; a single one is a line for the machine's shell.

        Examples: `./kubequorum ssh a` · `./kubequorum ssh a -- kubequorum-node list-backups` ·
        `./kubequorum ssh i-… -- 'journalctl -u kubelet | tail'`
        """
        from kubequorum_cli.commands.ssh import ssh as run

        # Click leaves it there where options may come after the first argument.
        words = command or []
        run(find_target(), node, words[1:] if words[:1] == ["--"] else words)

    @app.command(rich_help_panel=_PANEL)
    def dashboard(
        *, port: Annotated[int, typer.Option(min=0, max=65535, help="Local port; 0 for any.")] = 4466
    ) -> None:
        """Open the way to the cluster's dashboard, the addon Headlamp, until Ctrl-C.

        It listens on this computer alone, and says how to get a token to log in with: the dashboard shows
        what the token's owner may see.

        Example: `./kubequorum dashboard --port 8080`
        """
        from kubequorum_cli.commands.dashboard import dashboard as run

        run(find_target(), port=port)

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

    @app.command(rich_help_panel=_PANEL)
    def backup(*, timeout: Annotated[int, typer.Option(min=1, help="Seconds to wait for it.")] = 300) -> None:
        """Take a full snapshot of etcd now, and print its id.

        Before something dangerous. It has every write that was acknowledged before the command began, is
        verified, and is in the state bucket when this ends. `backups` lists it.

        Example: `./kubequorum backup && ./kubequorum kubectl delete namespace old`
        """
        from kubequorum_cli.commands.backup import backup as run

        run(find_target(), seconds=timeout)

    @app.command(rich_help_panel=_PANEL)
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
