"""When the next master may go: `validate` is the judge, and here is which of its findings close the gate."""

from collections.abc import Set as AbstractSet

from kubequorum_cli import validate
from kubequorum_cli.resources import IN_SERVICE
from kubequorum_cli.roll.document import Step
from kubequorum_cli.validate import Finding, Severity, Snapshot, kinds

_UNDER_WAY = frozenset(
    kind.id
    for kind in (
        kinds.STACK_IN_PROGRESS,
        kinds.SLOT_IN_PROGRESS,
        kinds.MASTER_JOINING,
        kinds.MASTER_BOOTING,
        kinds.API_IN_PROGRESS,
        kinds.NODE_IN_PROGRESS,
    )
)
"""Warnings that something else replaces masters, or that one does not yet do all that it will."""
_OF_MASTERS = frozenset(
    kind.id
    for kind in (
        kinds.GROUP_SUSPENDED,
        kinds.INSTANCE_IN_PROGRESS,
        kinds.HOOK_WAITS_LONG,
        kinds.TARGET_IN_PROGRESS,
    )
)
"""Warnings that close the gate where they concern a master: workers come and go all the time."""
_FAILED = "failed"


def closed(snapshot: Snapshot) -> list[Finding]:
    """What speaks against the replacement of a master now: every error, and whatever is under way."""
    concerned = _masters(snapshot)
    return [
        found
        for found in validate.find(snapshot)
        if found.severity is Severity.ERROR
        or found.id in _UNDER_WAY
        or (found.id in _OF_MASTERS and _subject(found) in concerned)
    ]


def line(finding: Finding) -> str:
    """A finding in a line."""
    subject = finding.subject
    return f"{finding.id}, {subject.kind} {subject.id}: {finding.seen} ({finding.remedy})"


def not_replaced(snapshot: Snapshot, step: Step) -> str:
    """What a step still waits for; empty if another instance is the slot's only one, and in service."""
    if snapshot.groups.value is None:
        return "the groups cannot be read"
    instances = snapshot.instances_of(step.slot)
    if [each.lifecycle_state for each in instances] == [IN_SERVICE] and instances[0].id != step.instance:
        return ""
    return ", ".join(f"{each.id} {each.lifecycle_state}" for each in instances) or "no instance"


def boot_failed(snapshot: Snapshot, step: Step) -> str:
    """The reason of a successor whose boot has failed, by its slot's record; empty if none has.

    A deployment ends at the first one, too: docs/decisions/failed-boot.md.
    """
    record = (snapshot.records.value or {}).get(step.slot)
    if record is None or record.instance == step.instance or not record.outcome.startswith(_FAILED):
        return ""
    return f"{record.instance}: {record.outcome}"


def _masters(snapshot: Snapshot) -> AbstractSet[str]:
    """Groups of slots, and their instances; none if they are not known, which is an error itself."""
    groups = [group for group in snapshot.groups.value or [] if group.slot]
    return {group.name for group in groups} | {each.id for group in groups for each in group.instances}


def _subject(finding: Finding) -> str:
    """The group or the instance; of a target its instance. One that is in no group only leaves."""
    return finding.subject.id.rpartition("/")[2].partition(":")[0]
