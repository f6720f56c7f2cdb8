"""The commands that lead to a cluster's API and machines: names, options and help; a module each."""

from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from kubequorum_cli.completion import names
from kubequorum_cli.target import Target


def add_commands(app: typer.Typer, find_target: Callable[[], Target], *, panel: str) -> None:
    """Add them to a panel of the help."""

    @app.command(
        rich_help_panel=panel,
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

    @app.command(rich_help_panel=panel)
    def kubeconfig(
        *,
        by_exec: Annotated[
            bool,
            typer.Option(
                "--exec", help="Without credentials: kubectl asks this program for them, each time."
            ),
        ] = False,
    ) -> None:
        """Write a kubeconfig with which any kubectl of this computer reaches the cluster.

        Whoever can read it is an administrator of the cluster for a day. Run this again to renew it. With
        --exec it has no secret and does not expire: whoever uses it must be let by AWS, each time.

        Examples: `eval "$(./kubequorum kubeconfig)" && kubectl get nodes` · `./kubequorum kubeconfig --exec`
        """
        from kubequorum_cli.commands.kubeconfig import kubeconfig as run

        run(find_target(), by_exec=by_exec)

    @app.command(hidden=True)
    def credential() -> None:
        """Print the administrator's credentials, as clients of Kubernetes ask for them (ExecCredential)."""
        from kubequorum_cli.commands.kubeconfig import credential as run

        run(find_target())

    @app.command(
        rich_help_panel=panel,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    def ssh(
        node: Annotated[
            str,
            typer.Argument(
                help="A slot (a, b, c), or an instance's id: its node's name.",
                autocompletion=names(lambda: _machines(find_target())),
            ),
        ],
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

    @app.command(rich_help_panel=panel)
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


def _machines(target: Target) -> Iterator[str]:
    """What `ssh` takes: slots, then instances, for which AWS is asked once more."""
    from kubequorum_cli.resources import Resources

    resources = Resources(target)
    yield from resources.slots
    yield from sorted(resources.instances())
