"""`status`: what was built, the cluster's nodes and its backups, for people or for programs."""

import json
from dataclasses import asdict

from kubequorum_cli.backups import state as backups
from kubequorum_cli.console import stdout
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import NodeList, find_access, has_kubernetes, look, show_nodes
from kubequorum_cli.report import collect, show
from kubequorum_cli.target import Target


def status(target: Target, *, as_json: bool) -> None:
    """Print it to stdout."""
    report = collect(target)
    nodes = _nodes(target)
    if as_json:
        documents = {
            "kubernetes": asdict(nodes) if nodes is not None else None,
            "backups": asdict(backups.look(target)) if nodes is not None else None,
        }
        print(json.dumps({**target.details, **asdict(report), **documents}, indent=2))
        return
    console = stdout()
    console.print(f"{target.summary}\n", markup=False, highlight=False)
    show(report, console)
    if nodes is not None:
        show_nodes(nodes, console)
        backups.show_state(backups.look(target), console)


def _nodes(target: Target) -> NodeList | None:
    """The nodes, or why they cannot be listed; None where there is no Kubernetes."""
    if not has_kubernetes(target):
        return None
    try:
        return look(find_access(target))
    except CommandError as error:
        return NodeList(problem=f"{error.what}: {error.why}")
