"""`status`: what was built, the cluster's nodes, addons and backups, for people or for programs."""

import json

from kubequorum_cli import documents
from kubequorum_cli.backups import state as backups
from kubequorum_cli.console import stdout
from kubequorum_cli.kubernetes import show_addons, show_nodes
from kubequorum_cli.report import collect, show
from kubequorum_cli.target import Target


def status(target: Target, *, as_json: bool) -> None:
    """Print it to stdout."""
    report = collect(target)
    found = documents.look_at_kubernetes(target)
    if as_json:
        print(json.dumps(documents.of_status(target, report, found), indent=2))
        return
    console = stdout()
    console.print(f"{target.summary}\n", markup=False, highlight=False)
    show(report, console)
    if found is not None:
        show_nodes(found[0], console)
        show_addons(found[1], console)
        backups.show_state(backups.look(target), console)
