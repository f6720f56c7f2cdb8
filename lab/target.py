"""The cluster in the embedded AWS, as a target of the operator's program."""

import os
from dataclasses import asdict
from pathlib import Path

import boto3

from emulator.faults import FaultClient
from kubequorum_cli import cdk
from kubequorum_cli.console import Progress
from kubequorum_cli.errors import CommandError, Obstacle
from kubequorum_cli.target import Address, ApiEndpoint, Invocation, Target
from lab import embedded_aws, environment, toolchain
from lab.embedded_aws import EmbeddedAws
from lab.settings import CHECKOUT, REAL, Settings

_LOOPBACK = "127.0.0.1"


def current(settings: Settings) -> Target:
    """The cluster of the embedded AWS that runs; this process becomes its administrator.

    Raises:
        CommandError: no embedded AWS runs.
    """
    running = embedded_aws.require(settings)
    environment.adopt(running.variables())
    return target_of(settings, running)


def target_of(settings: Settings, running: EmbeddedAws) -> Target:
    """The cluster of an embedded AWS."""
    variables = running.variables()
    return Target(
        cluster=running.name,
        session=boto3.session.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=running.region,
        ),
        endpoint_url=running.url,
        kubeconfig=settings.kubeconfig,
        connect=lambda endpoint: _connect(settings, endpoint),
        kubectl=_kubectl,
        synthesize=lambda cluster_file, output: _synthesize(settings, running, cluster_file, output),
        invocation=Invocation(
            command=(str(CHECKOUT / "kubequorum"),), variables={"KUBEQUORUM_WORK": str(settings.work)}
        ),
        enter=lambda instance_id, line: _enter(settings, running, instance_id, line),
        no_kubernetes=_no_kubernetes(running),
        summary=f"Embedded AWS at {running.url}, process {running.pid}: cluster {running.name}, "
        f"account {running.account}, region {running.region}, machines {running.machines}",
        details={"embedded_aws": {**asdict(running), "url": running.url}},
    )


def _synthesize(settings: Settings, running: EmbeddedAws, cluster_file: Path, output: Path) -> None:
    tools = toolchain.ensure(Progress())
    cdk.synthesize(
        cluster_file,
        output,
        app=settings.app,
        program=[str(tools.node), str(tools.cdk.resolve())],
        environment=environment.for_children(running.variables(), tools),
    )


def _no_kubernetes(running: EmbeddedAws) -> Obstacle | None:
    if running.machines == REAL:
        return None
    return Obstacle(
        why=f"the machines behind the instances are of kind `{running.machines}`, not `{REAL}`",
        remedy="on Linux, as root: make down, then make up",
    )


def _enter(settings: Settings, running: EmbeddedAws, instance_id: str, line: str) -> list[str]:
    """The command line that enters a machine's namespaces."""
    if (obstacle := _no_kubernetes(running)) is not None:
        raise CommandError("there is no shell on a machine", why=obstacle.why, remedy=obstacle.remedy)
    # Here, and not above: what it needs exists on Linux only.
    from emulator.machines.nspawn import entering

    found = {m.instance_id: m.first_process for m in FaultClient(settings.machines_state).machines()}
    if not (pid := found.get(instance_id)):
        raise CommandError(
            f"machine {instance_id} has no power", remedy=f"./kubequorum fault power-on {instance_id}"
        )
    command = ["bash", "-lc", line] if line else ["bash", "-l"]
    return entering(pid, command, TERM=os.environ.get("TERM", "dumb"))


def _connect(settings: Settings, endpoint: ApiEndpoint) -> Address:
    """The port of loopback that the embedded AWS connects with the load balancer."""
    # Here, and not above: what it needs exists on Linux only.
    from emulator.machines.nspawn import read_host_ports

    ports = read_host_ports(settings.machines_state).get(endpoint.load_balancer.lower(), {})
    if (port := ports.get(endpoint.port)) is None:
        raise CommandError(
            f"no port of this computer leads to the load balancer {endpoint.load_balancer}",
            why="the embedded AWS opens one when the first machine of the load balancer's VPC is launched",
            remedy="look at its log: ./kubequorum logs",
        )
    return _LOOPBACK, port


def _kubectl() -> Path:
    """The kubectl that the machines have."""
    from lab.artifacts import Settings as ArtifactSettings
    from lab.artifacts import ensure

    return ensure(["kubernetes-node"], settings=ArtifactSettings.from_environment()).programs["kubectl"]
