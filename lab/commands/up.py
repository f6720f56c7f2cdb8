"""`up`: from a checkout to a deployed cluster in an AWS that runs here."""

from dataclasses import dataclass, replace
from pathlib import Path

from kubequorum_cli import diagnosis, settle
from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import find_access, has_kubernetes, look, show_nodes, wait_for_nodes
from kubequorum_cli.report import collect, show
from lab import cluster_file, environment, lock, machine_choice, toolchain
from lab import embedded_aws as emulator
from lab.cdk import Cdk
from lab.cluster_file import Cluster
from lab.embedded_aws import Emulator
from lab.settings import Settings

_NEXT = """\
What next:
  make status                    this picture again, as things are then
%s\
  eval "$(./kubequorum env)"     then `aws`, `cdk` and boto3 in this shell speak to the embedded AWS
  ./kubequorum logs INSTANCE     the console output of an instance
  ./kubequorum logs --follow     what the embedded AWS does
  make down                      remove all of it"""
_NEXT_OF_KUBERNETES = """\
  ./kubequorum kubectl get pods -A
                                 kubectl, as the cluster's administrator
  make kubeconfig                the same for kubectl, helm, … of this computer
"""


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Seconds that the parts of a deployment took."""

    start: float
    bootstrap: float
    stacks: float


def up(settings: Settings, *, cluster: Path | None) -> None:
    """Deploy the cluster file and print what was built; CommandError if a part of it fails."""
    wanted = cluster_file.read(cluster or settings.default_cluster)
    progress = Progress()
    with lock.exclusive(settings.lock, command="up"):
        tools = toolchain.ensure(progress)
        there = emulator.find(settings)
        choice = machine_choice.choose(
            settings.machines, progress, running=there.machines if there is not None else None
        )
        settings = replace(settings, machines=choice.kind)
        deploy(settings, wanted, tools, progress)
        running = emulator.require(settings)
        environment.adopt(running.variables())
        wait_until_ready(settings, running, progress)
        report = collect()
        nodes = look(find_access(settings, running)) if has_kubernetes(running) else None
    console = stdout()
    show(report, console)
    if nodes is not None:
        show_nodes(nodes, console)
    if explanation := choice.explanation():
        console.print(f"{explanation}\n", markup=False, highlight=False)
    closing = _NEXT % (_NEXT_OF_KUBERNETES if nodes is not None else "")
    console.print(closing, markup=False, highlight=False)


def wait_until_ready(settings: Settings, running: Emulator, progress: Progress) -> None:
    """Until all instances are in service and, if they run Kubernetes, all its nodes are Ready."""
    with progress.stage("Wait until all instances are in service") as waiting:
        settle.wait_for_groups(waiting)
    if has_kubernetes(running):
        with progress.stage("Wait until all nodes are Ready") as waiting:
            wait_for_nodes(lambda: look(find_access(settings, running)), settle.addresses(), waiting)


def deploy(settings: Settings, cluster: Cluster, tools: toolchain.Toolchain, progress: Progress) -> Durations:
    """Start the embedded AWS unless it runs, bootstrap it, and deploy all stacks."""
    with progress.stage("Start the embedded AWS") as starting:
        running = _running(settings, cluster)
        if running is None:
            running = emulator.start(settings, cluster, starting)
        else:
            starting.line(f"it runs already: {running.url}")
    cdk = Cdk(settings=settings, toolchain=tools, emulator=running, cluster_file=cluster.path)
    with progress.stage("Bootstrap the CDK (cdk bootstrap)") as bootstrapping:
        cdk.bootstrap(bootstrapping)
    try:
        with progress.stage(f"Deploy {cluster.path.name} (cdk deploy --all)") as deploying:
            cdk.deploy(deploying)
    except CommandError as error:
        raise _explained(error, settings, running) from error
    except KeyboardInterrupt as error:
        raise CommandError(
            "the deployment was interrupted",
            remedy="what was made so far stays; go on with `make up`, or remove it with `make down`",
        ) from error
    return Durations(start=starting.seconds, bootstrap=bootstrapping.seconds, stacks=deploying.seconds)


def _running(settings: Settings, cluster: Cluster) -> Emulator | None:
    """The embedded AWS that runs already; CommandError if it is another cluster's or does not answer."""
    running = emulator.find(settings)
    if running is None:
        return None
    theirs = (running.name, running.account, running.region)
    if theirs != (cluster.name, cluster.account, cluster.region):
        raise CommandError(
            f"{cluster.path.name} cannot be deployed here now",
            why=f"the embedded AWS that runs was started for cluster {running.name}, account "
            f"{running.account}, region {running.region} ({running.cluster_file})",
            remedy="remove that one first: make down",
        )
    if not running.is_healthy():
        raise CommandError(
            "the embedded AWS runs but does not answer",
            why=f"no good answer from {running.url}; its log is {settings.emulator_log}",
            remedy="start afresh: make down, then make up",
        )
    return running


def _explained(error: CommandError, settings: Settings, running: Emulator) -> CommandError:
    environment.adopt(running.variables())
    log = f"the end of {settings.emulator_log}:\n{emulator.log_tail(settings.emulator_log, 10)}"
    parts = ["\n".join(diagnosis.failed_events()), error.why, log]
    return CommandError(
        error.what,
        why="\n\n".join(part for part in parts if part),
        remedy="what stands is kept, look at it: make status, ./kubequorum logs INSTANCE. "
        "Then mend the cause and run the same command again, or remove all of it: make down",
    )
