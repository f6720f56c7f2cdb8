"""`status`: the picture of what runs, for people or for programs."""

import json
from dataclasses import asdict

from kubequorum_cli.console import stdout
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import NodeList, find_access, has_kubernetes, look, show_nodes
from kubequorum_cli.report import collect, show
from lab import embedded_aws as emulator
from lab import environment
from lab.embedded_aws import Emulator
from lab.settings import Settings


def status(settings: Settings, *, as_json: bool) -> None:
    """Print it to stdout; CommandError if the embedded AWS does not run."""
    running = emulator.require(settings)
    environment.adopt(running.variables())
    report = collect()
    kubernetes = _nodes(settings, running)
    if as_json:
        embedded_aws = {**asdict(running), "url": running.url}
        nodes = asdict(kubernetes) if kubernetes is not None else None
        print(json.dumps({"embedded_aws": embedded_aws, **asdict(report), "kubernetes": nodes}, indent=2))
        return
    console = stdout()
    console.print(
        f"Embedded AWS at {running.url}, process {running.pid}: cluster {running.name}, "
        f"account {running.account}, region {running.region}, machines {running.machines}\n",
        markup=False,
        highlight=False,
    )
    show(report, console)
    if kubernetes is not None:
        show_nodes(kubernetes, console)


def _nodes(settings: Settings, running: Emulator) -> NodeList | None:
    """The nodes, or why they are not known; None where there is no Kubernetes."""
    if not has_kubernetes(running):
        return None
    try:
        return look(find_access(settings, running))
    except CommandError as error:
        return NodeList(problem=f"{error.what}: {error.why}")
