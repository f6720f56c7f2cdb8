"""The command line: names, options and help of the commands."""

from pathlib import Path
from typing import Annotated

import typer

from development.checks.suites import Suite
from kubequorum_cli.errors import UsageError
from lab.faults import app as fault_app
from lab.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _program() -> None:
    """Kubequorum on one machine: the CDK app, deployed by the real CDK into an AWS that runs here.

    First `up`, then look: `status`, `logs`, `env`. `down` removes all of it. The same app goes to real AWS
    with `cdk deploy --all -c cluster=clusters/ha.yaml`; nothing here ever speaks to real AWS.

    State lives in `build/local/` (address, logs, machines, cloud assembly) and in the memory of the embedded
    AWS, a background process that listens on 127.0.0.1 only. KUBEQUORUM_WORK names another folder for it,
    KUBEQUORUM_APP another folder with a cdk.json. KUBEQUORUM_MACHINES says what runs behind the instances:
    `nspawn` (machines that boot and run Kubernetes: Linux, root), `process` (plain processes that carry out
    the user-data), or `none`. Unset, it is the first of these that this computer can.

    Exit codes: 0 done, 1 failed (the message says what, why and what to do), 2 wrong usage.
    """


@app.command()
def up(
    cluster: Annotated[
        Path | None,
        typer.Option(help="Cluster file to deploy.", show_default="clusters/local.yaml", dir_okay=False),
    ] = None,
) -> None:
    """Deploy a cluster into the embedded AWS and show what was built.

    Installs the CDK command line, starts the embedded AWS on port 4566 (or the next free one), runs
    `cdk bootstrap` and `cdk deploy --all`, waits until all machines are in service, and asks AWS what is
    there. Safe to repeat: what runs is used again, and a second run changes nothing that is right already.

    On Linux, as root, the instances are machines that boot, and end as a running Kubernetes cluster. The
    first time it installs and builds what they need, and says before what, from where, how long it takes and
    how much disk. Elsewhere they are plain processes, and it says what that leaves out.

    Examples: `./kubequorum up` · `./kubequorum up --cluster clusters/dev.yaml`

    What next: `status`, `kubectl`, `env`, `logs`; `down` when you are done.
    """
    from lab.commands.up import up as run

    run(Settings.from_environment(), cluster=cluster)


@app.command()
def down() -> None:
    """Remove everything that `up` made.

    Ends the embedded AWS and all its machines and removes `build/local/`. Safe to repeat, and it also cleans
    up after a crash or a kill.
    """
    from lab.commands.down import down as run

    run(Settings.from_environment())


@app.command()
def status(
    *, json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
) -> None:
    """Show what was built, as AWS's API tells it now.

    Zones, groups, instances, volumes, load balancer, names and stacks, each with its state.

    Example: `./kubequorum status --json | jq '.groups[].instances[].id'`
    """
    from lab.commands.status import status as run

    run(Settings.from_environment(), as_json=json)


@app.command()
def env() -> None:
    """Print what a shell needs to speak to the embedded AWS.

    Example: `eval "$(./kubequorum env)"`, and in the same shell `aws ec2 describe-instances`,
    `cdk diff -c cluster=clusters/local.yaml`, or any boto3 program. The AWS settings of that shell only are
    replaced.
    """
    from lab.commands.env import env as run

    run(Settings.from_environment())


@app.command()
def logs(
    instance: Annotated[
        str | None, typer.Argument(help="An instance's id: its console output.", show_default="embedded AWS")
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show what the embedded AWS prints, or the console output of one instance.

    Examples: `./kubequorum logs --follow` · `./kubequorum logs i-0123456789abcdef0`
    """
    from lab.commands import logs as command

    if instance is None:
        command.of_embedded_aws(Settings.from_environment(), lines=lines, follow=follow)
    elif follow:
        raise UsageError("--follow goes with the log of the embedded AWS only", remedy="leave it out")
    else:
        command.of_instance(Settings.from_environment(), instance)


@app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def kubectl(
    arguments: Annotated[list[str] | None, typer.Argument(help="What kubectl is to do.")] = None,
) -> None:
    """Run kubectl, as an administrator, on the cluster of `up`.

    It goes through the load balancer, and is the kubectl of the machines. Examples:
    `./kubequorum kubectl get nodes` · `./kubequorum kubectl -n kube-system get pods -o wide`
    """
    from lab.commands.kubectl import kubectl as run

    run(Settings.from_environment(), arguments or [])


@app.command()
def kubeconfig() -> None:
    """Write `build/local/kubeconfig`, with which any kubectl of this computer reaches the cluster of `up`.

    Whoever can read it is an administrator of the cluster, for a day; run this again then. It leads to a port
    of 127.0.0.1 that the embedded AWS connects with the API's load balancer until `down`.

    Example: `eval "$(./kubequorum kubeconfig)" && kubectl get nodes`
    """
    from lab.commands.kubeconfig import kubeconfig as run

    run(Settings.from_environment())


@app.command("test")
def run_checks(
    suites: Annotated[
        list[Suite] | None, typer.Argument(help="What to run.", show_default="all of them")
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="Run one file of tests, or one folder, alone.", exists=True)
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write the snapshots anew instead of comparing with them.")
    ] = False,
) -> None:
    """Run the checks: `lint`, `unit`, `snapshots`, `emulator`, `deploy`, `machines`.

    `lint` is ruff, mypy and shellcheck; the other suites are pytest's. `deploy` runs the real CDK against
    embedded AWSes of its own and takes minutes; `machines` boots real machines and Kubernetes on them, where
    they can run, and brings what they boot first. What runs here by `up` is not touched.

    Examples: `./kubequorum test unit` · `./kubequorum test lint unit` ·
    `./kubequorum test --file emulator/tests/machines` · `./kubequorum test snapshots unit --update`
    """
    from development.commands.test import run_checks as run

    run(suites or [], file=file, update=update)


@app.command()
def faults(
    name: Annotated[
        str | None, typer.Argument(help="Only faults whose name has this in it.", show_default="all of them")
    ] = None,
) -> None:
    """Break a real cluster in every way that we know, under load, and judge what its clients saw.

    Nothing that was acknowledged may be lost, no answer may be wrong, and all must be well again by itself.
    Prints a table and writes `build/faults.json`. On clusters of its own, of real machines: Linux, root. All
    faults take about an hour and a half.

    Examples: `./kubequorum faults` · `./kubequorum faults power_loss`
    """
    from development.commands.faults import faults as run

    run(name)


@app.command()
def soak(
    *,
    seconds: Annotated[int, typer.Option(min=1, help="How long to go on breaking things.")] = 1800,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of an earlier run, for the same row.", show_default="by chance")
    ] = None,
) -> None:
    """Break a real cluster by chance, one fault after the other, under one load; prints its seed.

    Example: `./kubequorum soak --seconds 600 --seed 7`
    """
    from development.commands.faults import soak as run

    run(seconds=seconds, seed=seed)


@app.command()
def bench(
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(help="A figure to measure alone, without writing the file; repeatable."),
    ] = None,
) -> None:
    """Measure, print a table, and write `build/bench.json`.

    Synthesis, a deployment from nothing into an embedded AWS of its own, a comparison, the size of the app;
    and where real machines can run, `up` on them, workers, and three masters from nothing in turns with the
    same done by hand; and what the loss of masters costs. Takes about twenty minutes; other work on the
    machine meanwhile makes the numbers worse.

    Example: `./kubequorum bench --only zero_to_ready_ratio`
    """
    from development.commands.bench import bench as run

    run(Settings.from_environment(), only=only or [])


@app.command()
def install() -> None:
    """Install the CDK command line, and Node 22 if this machine's Node is older.

    Versions and checksums are those of `package-lock.json` and `lab/node22/package-lock.json`. `up`, `test`
    and `bench` do it by themselves.
    """
    from lab.commands.install import install as run

    run()


app.add_typer(fault_app, name="fault")
