"""The list of checks. A new one is a function of a snapshot in the module of its subject, and a line here."""

from collections.abc import Callable, Iterator
from dataclasses import fields

from kubequorum_cli.parts import Part, UnknownPartError
from kubequorum_cli.validate import (
    addons,
    api,
    backups,
    balancers,
    groups,
    instances,
    kinds,
    masters,
    names,
    nodes,
    stacks,
    volumes,
)
from kubequorum_cli.validate.finding import Finding, Severity
from kubequorum_cli.validate.snapshot import Snapshot

Check = Callable[[Snapshot], Iterator[Finding]]


def _unreadable(snapshot: Snapshot) -> Iterator[Finding]:
    """Parts that could not be read; that the API does not answer has a kind of its own."""
    for field in fields(snapshot):
        part = getattr(snapshot, field.name)
        if isinstance(part, Part) and part.problem and field.name != "api":
            yield kinds.UNREADABLE.of("part", field.name.replace("_", "-"), part.problem)


CHECKS: tuple[Check, ...] = (
    _unreadable,
    stacks.missing,
    stacks.failed,
    masters.one_each,
    masters.quorum,
    masters.records,
    groups.size,
    groups.suspended,
    instances.health,
    instances.scheduled,
    instances.on_the_way,
    volumes.there,
    volumes.attached,
    balancers.active,
    balancers.targets,
    names.slots,
    names.api,
    api.answers,
    api.api_certificate,
    api.credentials,
    api.clocks,
    api.api_clock,
    nodes.of_instances,
    nodes.without_instance,
    nodes.versions,
    nodes.control_plane,
    nodes.other_pods,
    backups.made,
    backups.drilled,
    addons.states,
)


def find(snapshot: Snapshot) -> list[Finding]:
    """Everything that the checks find, errors first. A check that needs an unknown part finds nothing."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.extend(check(snapshot))
        except UnknownPartError:
            continue
    return sorted(found, key=lambda finding: finding.severity is not Severity.ERROR)
