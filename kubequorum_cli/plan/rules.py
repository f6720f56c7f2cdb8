"""What must not happen to a stack: data that would be left behind, masters that would lose their slot."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubequorum_cli.plan import kinds
from kubequorum_cli.plan.changes import StackChanges, references
from kubequorum_cli.plan.machines import END, RECREATE, GroupStep
from kubequorum_cli.validate import Finding

_KEEPS = ("Retain", "Snapshot", "RetainExceptOnCreate")
"""Deletion policies of a resource that holds data."""
_NAMED = 3
_IMPORT = re.compile(r'"Fn::ImportValue": "([^"]+)"')


def state(stacks: Sequence[StackChanges]) -> Iterator[Finding]:
    """Resources that are kept if their stack is deleted, and that would be replaced or removed."""
    for stack in stacks:
        for change in stack.changes.values():
            definition = stack.old_definition(change.logical_id)
            if definition.get("DeletionPolicy") not in _KEEPS:
                continue
            what = _fate(stack, change.logical_id)
            if what:
                seen = f"{change.type} {change.physical_id} would be {what}{_why(stack, change.logical_id)}"
                yield kinds.STATE_LOST.of("stack", f"{stack.stack}/{change.logical_id}", seen)


def slots(steps: Sequence[GroupStep]) -> Iterator[Finding]:
    """Groups of masters that would go."""
    words = {END: "removed", RECREATE: "replaced by another group"}
    for step in steps:
        if step.slot and step.action in words:
            seen = f"group {step.physical_id} would be {words[step.action]}"
            yield kinds.SLOT_REMOVED.of("slot", step.slot, seen)


def imports(stacks: Sequence[StackChanges]) -> Iterator[Finding]:
    """Resources that would be replaced or removed while a deployed stack imports what is exported of them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html
    """
    importers = {stack.stack: set(_IMPORT.findall(json.dumps(stack.old))) for stack in stacks}
    for stack in stacks:
        lost: dict[str, str] = {}
        users: set[str] = set()
        for name, output in (stack.old.get("Outputs") or {}).items():
            export = (output.get("Export") or {}).get("Name")
            own = {other for other, names in importers.items() if export in names}
            what = _lost(stack, name, output) if own else {}
            lost |= what
            users |= own if what else set()
        if lost:
            more = f"; and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
            seen = f"{'; '.join([*lost.values()][:_NAMED])}{more}. {', '.join(sorted(users))} import them"
            yield kinds.NETWORK_REPLACED.of("stack", stack.stack, seen)


def _lost(stack: StackChanges, name: str, output: Mapping[str, Any]) -> dict[str, str]:
    """What of an output goes, and how; data have a finding of their own."""
    found = {
        id_: f"{id_} would be {fate}{_why(stack, id_)}"
        for id_ in references(output.get("Value"))
        if (fate := _fate(stack, id_)) and stack.old_definition(id_).get("DeletionPolicy") not in _KEEPS
    }
    if not found and name not in (stack.new.get("Outputs") or {}) and not _is_data(stack, output):
        return {name: f"the export {name} would be removed"}
    return found


def _is_data(stack: StackChanges, output: Mapping[str, Any]) -> bool:
    named = references(output.get("Value"))
    return any(stack.old_definition(id_).get("DeletionPolicy") in _KEEPS for id_ in named)


def _fate(stack: StackChanges, logical_id: str) -> str:
    change = stack.changes.get(logical_id)
    if change is None:
        return ""
    if change.action == "Remove":
        return "removed from its stack"
    return "replaced by a new one" if stack.is_replaced(logical_id) else ""


def _why(stack: StackChanges, logical_id: str) -> str:
    change = stack.changes[logical_id]
    risky = {detail.name for detail in change.details if detail.recreation != "Never"}
    names = sorted(risky & stack.changed_properties(logical_id)) or sorted(risky)
    if not names or change.action == "Remove":
        return ""
    values = [f"{name}: {_value(change.before, name)} → {_value(change.after, name)}" for name in names]
    return f", as {'; '.join(values)}"


def _value(context: Mapping[str, Any], name: str) -> str:
    value = (context.get("Properties") or {}).get(name, "—")
    return value if isinstance(value, str) else json.dumps(value)
