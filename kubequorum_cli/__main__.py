"""`python -m kubequorum_cli`: the operator's program alone, for the AWS account in the environment."""

import typer

from kubequorum_cli import program
from kubequorum_cli.commands import add_commands
from kubequorum_cli.target import from_environment


def main() -> None:
    """Run the command line; ends the process."""
    app = typer.Typer(**program.APP_OPTIONS)

    @app.callback()
    def _program() -> None:
        """Look at a Kubequorum cluster, and reach it.

        Reads from the AWS API with the credentials and the region of the environment, and from the
        cluster's Kubernetes API. KUBEQUORUM_CLUSTER names the cluster.

        Exit codes: 0 done, 1 failed (the message says what, why and what to do), 2 wrong usage.
        """

    add_commands(app, from_environment)
    program.run(app)


if __name__ == "__main__":
    main()
