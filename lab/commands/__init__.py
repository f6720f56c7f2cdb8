"""The commands for a cluster on one machine: names, options and help here, a module each."""

from pathlib import Path
from typing import Annotated

import typer

from kubequorum_cli.completion import cluster_files, names
from kubequorum_cli.errors import UsageError
from lab.faults import app as fault_app
from lab.settings import Settings

_PANEL = "On one machine"


def add_commands(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command(rich_help_panel=_PANEL)
    def up(
        cluster: Annotated[
            Path | None,
            typer.Option(
                help="Cluster file to deploy.",
                show_default="clusters/local.yaml",
                dir_okay=False,
                autocompletion=cluster_files,
            ),
        ] = None,
    ) -> None:
        """Deploy a cluster into the embedded AWS and show what was built.

        Installs the CDK command line, starts the embedded AWS on port 4566 (or the next free one), runs
        `cdk bootstrap` and `cdk deploy --all`, and waits until all machines are in service. Safe to repeat:
        what runs is used again, and a second run changes only what differs from the cluster file.

        On Linux, as root, the instances are machines that boot and form a running Kubernetes cluster. The
        first run installs and builds what they need, and reports first what, from where, how long it takes
        and how much disk it needs. Elsewhere they are plain processes, and the output lists what is missing.

        Examples: `./kubequorum up` · `./kubequorum up --cluster clusters/dev.yaml`

        Next: `status`, `kubectl`, `env`, `logs`; `down` when you are done.
        """
        from lab.commands.up import up as run

        run(Settings.from_environment(), cluster=cluster)

    @app.command(rich_help_panel=_PANEL)
    def down() -> None:
        """Remove everything that `up` made.

        Stops the embedded AWS and all its machines and removes `build/local/`. Safe to repeat; also cleans
        up after a crash.
        """
        from lab.commands.down import down as run

        run(Settings.from_environment())

    @app.command(rich_help_panel=_PANEL)
    def env() -> None:
        """Print the environment with which a shell uses the embedded AWS.

        Example: `eval "$(./kubequorum env)"`, and in the same shell `aws ec2 describe-instances`,
        `cdk diff -c cluster=clusters/local.yaml`, or any boto3 program. It replaces the AWS settings of that
        shell only.
        """
        from lab.commands.env import env as run

        run(Settings.from_environment())

    @app.command(rich_help_panel=_PANEL)
    def logs(
        instance: Annotated[
            str | None,
            typer.Argument(
                help="An instance's id: its console output.",
                show_default="embedded AWS",
                autocompletion=names(_instances),
            ),
        ] = None,
        *,
        follow: Annotated[bool, typer.Option("--follow", "-f", help="Continue until Ctrl-C.")] = False,
        lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    ) -> None:
        """Show the log of the embedded AWS, or the console output of one instance.

        Examples: `./kubequorum logs --follow` · `./kubequorum logs i-0123456789abcdef0`
        """
        from lab.commands import logs as command

        if instance is None:
            command.show_log(Settings.from_environment(), lines=lines, follow=follow)
        elif follow:
            raise UsageError(
                f"--follow does not work with instance {instance}",
                why="EC2 has no stream of console output",
                remedy="leave --follow out and repeat the command",
            )
        else:
            command.show_console(Settings.from_environment(), instance)

    @app.command(rich_help_panel=_PANEL)
    def install() -> None:
        """Install the CDK command line, and Node 22 if this computer's Node is older.

        Versions and checksums are those of `package-lock.json` and `lab/node22/package-lock.json`. `up`,
        `test` and `bench` do it by themselves.
        """
        from lab.commands.install import install as run

        run()

    app.add_typer(fault_app, name="fault", rich_help_panel=_PANEL)


def _instances() -> list[str]:
    """Those of the running embedded AWS; also of machines that are plain processes."""
    from kubequorum_cli.resources import Resources
    from lab.target import current

    return sorted(Resources(current(Settings.from_environment())).instances())
