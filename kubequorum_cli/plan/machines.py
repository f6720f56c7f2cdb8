"""Machines that a deployment replaces, adds and ends, in their order: by groups and their update policies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubequorum_cli.plan.changes import GROUP, Change, Definition, StackChanges, references
from kubequorum_cli.resources import SLOT_TAG, WORKER_GROUP_TAG

ROLLING_CAUSES = (
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
    "VPCZoneIdentifier",
)
"""Properties of a group whose change makes an AutoScalingRollingUpdate replace instances
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html)."""
ROLL, LAUNCH, END, RECREATE = "roll", "launch", "end", "recreate"
"""What happens to a group: its instances are replaced one after the other, it is new, it is removed, or
another group is made in its place."""


@dataclass(frozen=True, kw_only=True)
class GroupStep:
    """What happens to the machines of a group."""

    stack: str
    logical_id: str
    physical_id: str
    """Empty for a new group."""
    action: str
    """`roll`, `launch`, `end` or `recreate`."""
    slot: str
    """Empty for workers."""
    worker_group: str
    """Empty for masters."""
    launch_template: str
    """Its logical id."""
    launches: int
    """Instances that a new group begins with."""
    one_at_a_time: bool
    """Whether the next instance goes only after the last one has signalled."""

    @property
    def label(self) -> str:
        """For people."""
        return f"master {self.slot}" if self.slot else f"workers {self.worker_group or self.logical_id}"


def steps_of(stacks: Sequence[StackChanges]) -> list[list[GroupStep]]:
    """The groups in the order of the deployment: those of one list do not wait for each other."""
    return [wave for stack in stacks for wave in _waves(stack)]


def _waves(stack: StackChanges) -> Iterator[list[GroupStep]]:
    steps = {
        change.logical_id: step
        for change in stack.changes.values()
        if change.type == GROUP and (step := _step(stack, change)) is not None
    }
    done: set[str] = set()
    left = dict(steps)
    # CloudFormation removes what is no longer wanted when everything else has worked.
    ending = {id_: left.pop(id_) for id_ in list(left) if left[id_].action == END}
    while left:
        free = [id_ for id_ in left if not (_needs(stack, id_) & left.keys() - done)]
        # A cycle is refused by CloudFormation; here it only must not hang.
        wave = sorted(free or left)
        yield [left.pop(id_) for id_ in wave]
        done |= set(wave)
    if ending:
        yield [ending[id_] for id_ in sorted(ending)]


def _needs(stack: StackChanges, logical_id: str) -> set[str]:
    """Everything that a resource waits for, directly or not."""
    found: set[str] = set()
    left = [logical_id]
    while left:
        for name in references(stack.new_definition(left.pop())):
            if name not in found and stack.new_definition(name):
                found.add(name)
                left.append(name)
    return found - {logical_id}


def _step(stack: StackChanges, change: Change) -> GroupStep | None:
    action = _action(stack, change)
    if action is None:
        return None
    definition = stack.definition(change.logical_id)
    properties = definition.get("Properties") or {}
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    rolling = _rolling_update(definition)
    return GroupStep(
        stack=stack.stack,
        logical_id=change.logical_id,
        physical_id=change.physical_id,
        action=action,
        slot=str(tags.get(SLOT_TAG, "")),
        worker_group=str(tags.get(WORKER_GROUP_TAG, "")),
        launch_template=launch_template_of(definition),
        launches=int(properties.get("DesiredCapacity") or properties.get("MinSize") or 0),
        one_at_a_time=str(rolling.get("MaxBatchSize", 1)) == "1"
        and str(rolling.get("WaitOnResourceSignals", False)).lower() == "true",
    )


def _action(stack: StackChanges, change: Change) -> str | None:
    if change.action == "Add":
        return LAUNCH
    if change.action == "Remove":
        return END
    if stack.is_replaced(change.logical_id):
        return RECREATE
    # A rolling update follows the policy of the new template.
    rolls = bool(_rolling_update(stack.new_definition(change.logical_id)))
    if rolls and stack.changed_properties(change.logical_id) & set(ROLLING_CAUSES):
        return ROLL
    return None


def _rolling_update(definition: Definition) -> Definition:
    return (definition.get("UpdatePolicy") or {}).get("AutoScalingRollingUpdate") or {}


def launch_template_of(definition: Definition) -> str:
    """The logical id of a group's launch template; empty if the template does not say."""
    properties = definition.get("Properties") or {}
    mixed = (properties.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    specification = properties.get("LaunchTemplate") or mixed.get("LaunchTemplateSpecification") or {}
    reference = specification.get("LaunchTemplateId")
    return str(reference["Ref"]) if isinstance(reference, Mapping) and "Ref" in reference else ""
