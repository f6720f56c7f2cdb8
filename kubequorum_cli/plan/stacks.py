"""What happens to stacks and their resources, and to data."""

from collections.abc import Iterator, Sequence

from kubequorum_cli.plan.changes import Change, StackChanges
from kubequorum_cli.plan.document import ResourceStep, StackStep

_VOLUME = "AWS::EC2::Volume"
_KEEPS = ("Retain", "RetainExceptOnCreate")


def stack_steps(stacks: Sequence[StackChanges]) -> list[StackStep]:
    """The stacks in which something changes, in the order of the deployment."""
    found = []
    for stack in stacks:
        resources = [step for change in stack.changes.values() if (step := _step(stack, change)) is not None]
        if resources:
            action = "create" if stack.is_new else "update"
            found.append(StackStep(name=stack.stack, action=action, resources=resources))
    return found


def _step(stack: StackChanges, change: Change) -> ResourceStep | None:
    policies = stack.old_definition(change.logical_id)
    if change.action in ("Add", "Remove"):
        kept = policies.get("DeletionPolicy") in _KEEPS
        return _resource(change, change.action.lower(), kept=kept)
    replaced = stack.is_replaced(change.logical_id)
    properties = sorted(stack.changed_properties(change.logical_id))
    others = {d.attribute for d in change.details} - {"Properties"}
    if not replaced and not properties and not others:
        # It only refers to something that changes in place.
        return None
    kept = replaced and policies.get("UpdateReplacePolicy") in _KEEPS
    action = "replace" if replaced else "modify"
    return _resource(change, action, kept=kept, properties=[*properties, *sorted(others)])


def _resource(change: Change, action: str, *, kept: bool, properties: Sequence[str] = ()) -> ResourceStep:
    return ResourceStep(
        logical_id=change.logical_id,
        type=change.type,
        action=action,
        kept=kept,
        properties=list(properties),
    )


def volume_lines(stacks: Sequence[StackChanges], *, masters: Sequence[str]) -> list[str]:
    """What happens to the etcd volumes and their data."""
    return [*_volumes(stacks), *_moved(masters)]


def _volumes(stacks: Sequence[StackChanges]) -> Iterator[str]:
    for stack in stacks:
        for change in stack.changes.values():
            if change.type != _VOLUME:
                continue
            name = f"{change.logical_id} {change.physical_id}".strip()
            if change.action == "Add":
                yield f"{name} is made, empty"
            elif change.action == "Remove" or stack.is_replaced(change.logical_id):
                yield f"{name} leaves its stack: AWS keeps it, and no master uses it"
            elif changed := sorted(stack.changed_properties(change.logical_id)):
                yield f"{name} is modified in place ({', '.join(changed)}); its data stay"


def _moved(masters: Sequence[str]) -> Iterator[str]:
    if masters:
        slots = ", ".join(masters)
        yield f"the volumes of slots {slots} stay, and go to the new masters with their data"
