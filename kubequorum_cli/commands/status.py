"""`status`: what was built, the cluster's nodes, addons and backups, for people or for programs."""

import json
from dataclasses import asdict

from kubequorum_cli.backups import state as backups
from kubequorum_cli.console import stdout
from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import (
    AddonList,
    NodeList,
    find_access,
    has_kubernetes,
    look,
    look_at_addons,
    show_addons,
    show_nodes,
)
from kubequorum_cli.report import collect, show
from kubequorum_cli.target import Target


def status(target: Target, *, as_json: bool) -> None:
    """Print it to stdout."""
    report = collect(target)
    found = _kubernetes(target)
    if as_json:
        documents = {
            "kubernetes": None if found is None else {**asdict(found[0]), "addons": asdict(found[1])},
            "backups": None if found is None else asdict(backups.look(target)),
        }
        print(json.dumps({**target.details, **asdict(report), **documents}, indent=2))
        return
    console = stdout()
    console.print(f"{target.summary}\n", markup=False, highlight=False)
    show(report, console)
    if found is not None:
        show_nodes(found[0], console)
        show_addons(found[1], console)
        backups.show_state(backups.look(target), console)


def _kubernetes(target: Target) -> tuple[NodeList, AddonList] | None:
    """Nodes and addons, or why they cannot be listed; None where there is no Kubernetes."""
    if not has_kubernetes(target):
        return None
    try:
        access = find_access(target)
    except CommandError as error:
        return NodeList(problem=f"{error.what}: {error.why}"), AddonList()
    return look(access), look_at_addons(access)
