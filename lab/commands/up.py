"""`up`: from a checkout to a deployed cluster in an AWS that runs here."""

from dataclasses import dataclass, replace
from pathlib import Path

from kubequorum_cli.console import Progress, stdout
from kubequorum_cli.errors import CommandError
from kubequorum_cli.failures import failed_events
from kubequorum_cli.groups import instances_in_service, wait_for_groups
from kubequorum_cli.kubernetes import find_access, has_kubernetes, look, show_nodes, wait_for_nodes
from kubequorum_cli.report import collect, show
from kubequorum_cli.target import Target
from lab import cluster_file, embedded_aws, lock, machine_choice, toolchain
from lab.artifacts.kubernetes_versions import buildable_versions
from lab.cdk import Cdk
from lab.cluster_file import ClusterFile
from lab.embedded_aws import EmbeddedAws
from lab.settings import REAL, Settings
from lab.target import current, target_of

_NEXT = """\
Next:
  make status                    this report, with the states of then
  ./kubequorum validate          what is wrong with the cluster, if anything is
  ./kubequorum picture --open    draws it, live, in the browser
%s\
  eval "$(./kubequorum env)"     then `aws`, `cdk` and boto3 in this shell use the embedded AWS
  ./kubequorum logs INSTANCE     the console output of an instance
  ./kubequorum logs --follow     the log of the embedded AWS
  make down                      remove all of it"""
_NEXT_WITH_KUBERNETES = """\
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
    """Deploy the cluster file and print what was built.

    Raises:
        CommandError: a part of it fails.
    """
    wanted = cluster_file.read(cluster or settings.default_cluster)
    progress = Progress()
    with lock.exclusive(settings.lock, command="up"):
        there = embedded_aws.find(settings)
        if there is None:
            machine_choice.require_images(settings.machines, wanted.addon_images)
        tools = toolchain.ensure(progress)
        choice = machine_choice.choose(
            settings.machines,
            progress,
            addon_images=wanted.addon_images,
            kubernetes=wanted.kubernetes,
            further_versions=settings.further_images.values(),
            running=there.machines if there is not None else None,
        )
        settings = replace(settings, machines=choice.kind)
        deploy(settings, wanted, tools, progress)
        target = current(settings)
        wait_until_ready(target, progress)
        report = collect(target)
        nodes = look(find_access(target)) if has_kubernetes(target) else None
    console = stdout()
    show(report, console)
    if nodes is not None:
        show_nodes(nodes, console)
    if explanation := choice.explanation():
        console.print(f"{explanation}\n", markup=False, highlight=False)
    closing = _NEXT % (_NEXT_WITH_KUBERNETES if nodes is not None else "")
    console.print(closing, markup=False, highlight=False)


def wait_until_ready(target: Target, progress: Progress) -> None:
    """Wait until all instances are in service and, if they run Kubernetes, all its nodes are Ready.

    Raises:
        CommandError: not in time; with what is missing.
    """
    with progress.stage("Wait until all instances are in service") as stage:
        wait_for_groups(target, stage)
    if has_kubernetes(target):
        with progress.stage("Wait until all nodes are Ready") as stage:
            wait_for_nodes(lambda: look(find_access(target)), instances_in_service(target), stage)


def deploy(
    settings: Settings, cluster: ClusterFile, tools: toolchain.Toolchain, progress: Progress
) -> Durations:
    """Start the embedded AWS unless it runs, bootstrap it, and deploy all stacks.

    Raises:
        CommandError: one of them fails; with the reasons that CloudFormation gives.
    """
    with progress.stage("Start the embedded AWS") as starting:
        running = _running(settings, cluster)
        if running is None:
            running = embedded_aws.start(settings, cluster, starting)
        else:
            starting.line(f"it runs already: {running.url}")
    cdk = Cdk(settings=settings, toolchain=tools, embedded_aws=running, cluster_file=cluster.path)
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
            remedy="what was made so far is kept; continue with `make up`, or remove it with `make down`",
        ) from error
    return Durations(start=starting.seconds, bootstrap=bootstrapping.seconds, stacks=deploying.seconds)


def _lacking(settings: Settings, cluster: ClusterFile, running: EmbeddedAws) -> str:
    """What machines need that no machine image has; empty if nothing. Other versions are downloaded."""
    if other := {id_: v for id_, v in settings.further_images.items() if running.images.get(id_) != v}:
        return ", ".join(f"Kubernetes {version} as {image_id}" for image_id, version in other.items())
    there = {running.kubernetes, *running.images.values()}
    if cluster.kubernetes in buildable_versions()[1:] and cluster.kubernetes not in there:
        return f"Kubernetes {cluster.kubernetes}"
    return ""


def _running(settings: Settings, cluster: ClusterFile) -> EmbeddedAws | None:
    """The embedded AWS that runs already; CommandError if it is another cluster's or does not answer."""
    running = embedded_aws.find(settings)
    if running is None:
        return None
    theirs = (running.name, running.account, running.region)
    if theirs != (cluster.name, cluster.account, cluster.region):
        raise CommandError(
            f"{cluster.path.name} cannot be deployed into the embedded AWS that runs",
            why=f"it was started for cluster {running.name}, account {running.account}, "
            f"region {running.region} ({running.cluster_file})",
            remedy="remove that cluster first: make down",
        )
    if running.machines == REAL and (lacking := _lacking(settings, cluster, running)):
        raise CommandError(
            f"machines of the embedded AWS that runs have no image with {lacking}",
            why="machine images are read when it starts",
            remedy="remove it first: make down; then: KUBEQUORUM_IMAGES=… make up, as in "
            "docs/operations/update.md",
        )
    if not running.is_healthy():
        raise CommandError(
            "the embedded AWS runs but does not answer",
            why=f"{running.url} is not healthy; its log is {settings.emulator_log}",
            remedy="start from nothing: make down, then make up",
        )
    return running


def _explained(error: CommandError, settings: Settings, running: EmbeddedAws) -> CommandError:
    log = f"the end of {settings.emulator_log}:\n{embedded_aws.log_tail(settings.emulator_log, 10)}"
    parts = ["\n".join(failed_events(target_of(settings, running))), error.why, log]
    return CommandError(
        error.what,
        why="\n\n".join(part for part in parts if part),
        remedy="what was made is kept, look at it: make status, ./kubequorum logs INSTANCE. "
        "Then fix the cause and run the same command again, or remove everything: make down",
    )
