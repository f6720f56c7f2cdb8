"""What `status`, `validate` and `events` print for programs: one JSON document each."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kubequorum_cli.backups import state as backups
from kubequorum_cli.errors import CommandError, reason_of
from kubequorum_cli.events import Happened
from kubequorum_cli.kubernetes import (
    AddonList,
    NodeList,
    find_access,
    has_kubernetes,
    look,
    look_at_addons,
)
from kubequorum_cli.report import Report
from kubequorum_cli.target import Target
from kubequorum_cli.validate import Finding, Severity

Document = dict[str, Any]
InKubernetes = tuple[NodeList, AddonList]
"""Nodes and addons, or why they cannot be listed."""


def of_status(target: Target, report: Report, found: InKubernetes | None) -> Document:
    """What was built, with what Kubernetes says of it, and the state of the backups."""
    in_kubernetes = {
        "kubernetes": None if found is None else {**asdict(found[0]), "addons": asdict(found[1])},
        "backups": None if found is None else asdict(backups.look(target)),
    }
    return {**target.details, **asdict(report), **in_kubernetes}


def of_findings(target: Target, found: Sequence[Finding]) -> Document:
    """Findings of `validate`, with their numbers."""
    counts = {f"{each}s": sum(finding.severity is each for finding in found) for each in Severity}
    return {**target.details, **counts, "findings": [asdict(finding) for finding in found]}


def of_events(target: Target, found: Happened) -> Document:
    """Events, and the sources that could not be read."""
    return {**target.details, **asdict(found)}


def look_at_kubernetes(target: Target) -> InKubernetes | None:
    """Nodes and addons, or why they cannot be listed; None where there is no Kubernetes."""
    if not has_kubernetes(target):
        return None
    try:
        access = find_access(target)
    except CommandError as error:
        return NodeList(problem=reason_of(error)), AddonList()
    return look(access), look_at_addons(access)
