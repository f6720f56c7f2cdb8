"""The command line of all packages, as ./kubequorum runs it."""

import typer

import development.commands
import kubequorum_cli.commands
import lab.commands
from kubequorum_cli import program
from lab.settings import Settings
from lab.target import current


def build_app() -> typer.Typer:
    """The commands of all packages; those that read a cluster mean the one in the embedded AWS."""
    app = typer.Typer(**program.APP_OPTIONS)

    @app.callback()
    def _program() -> None:
        """Kubequorum on one machine: the CDK app, deployed by the real CDK into an AWS that runs here.

        First `up`, then look: `status`, `logs`, `env`. `down` removes all of it. The same app goes to real
        AWS with `cdk deploy --all -c cluster=clusters/ha.yaml`; nothing here ever connects to real AWS.

        State lives in `build/local/` (address, logs, machines, cloud assembly) and in the memory of the
        embedded AWS, a background process that listens on 127.0.0.1 only. KUBEQUORUM_WORK names another
        folder for it, KUBEQUORUM_APP another folder with a cdk.json. KUBEQUORUM_MACHINES selects what runs
        behind the instances: `nspawn` (machines that boot and run Kubernetes: Linux, root), `process` (plain
        processes that run the user-data), or `none`. Unset, it is the first of these that this computer can
        run. KUBEQUORUM_TIMES=aws lets load balancers, status checks and groups take as long as on AWS,
        which is minutes; KUBEQUORUM_TIMES_FACTOR=0.1 a tenth of that. KUBEQUORUM_IMAGES="ami-…=1.37.2" gives
        machines with that image id another version of Kubernetes: docs/operations/update.md. KUBEQUORUM_OWNER
        is the id of a process with which an embedded AWS ends, with its machines; tests set it to their own.

        Exit codes: 0 done, 1 failed (the message says what, why and what to do), 2 wrong usage.
        """

    lab.commands.add_commands(app)
    kubequorum_cli.commands.add_commands(app, lambda: current(Settings.from_environment()))
    development.commands.add_commands(app)
    return app
