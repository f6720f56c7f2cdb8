"""What a change set says of a stack's resources, and what follows for each of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubequorum_cli.plan.assembly import Template

GROUP = "AWS::AutoScaling::AutoScalingGroup"
_VERSION = "VersionNumber"
"""End of the attributes of a resource that an update in place changes: a launch template's version."""

Definition = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Why CloudFormation changes an attribute.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """

    attribute: str
    """`Properties`, `Metadata`, `UpdatePolicy`, …"""
    name: str
    """The property; empty for other attributes."""
    recreation: str
    """`Never`, `Conditionally` or `Always`."""
    cause: str
    """What it refers to, `<logical id>` or `<logical id>.<attribute>`; empty if its definition changes."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that is added, changed or removed."""

    logical_id: str
    type: str
    action: str
    """`Add`, `Modify`, `Remove`, …"""
    replacement: str = "False"
    """`True`, `False` or `Conditional`."""
    physical_id: str = ""
    details: tuple[Detail, ...] = ()
    before: Definition = field(default_factory=dict)
    """Its attributes with values, as they are; empty if it is added."""
    after: Definition = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StackChanges:
    """What happens to a stack."""

    stack: str
    """Its name in CloudFormation."""
    is_new: bool
    old: Template
    """What is deployed; empty if the stack is new."""
    new: Template
    changes: Mapping[str, Change]
    """By logical id."""

    def old_definition(self, logical_id: str) -> Definition:
        """In the deployed template; empty if it has no such resource."""
        return dict((self.old.get("Resources") or {}).get(logical_id) or {})

    def new_definition(self, logical_id: str) -> Definition:
        """In the new template; empty if it has no such resource."""
        return dict((self.new.get("Resources") or {}).get(logical_id) or {})

    def definition(self, logical_id: str) -> Definition:
        """In the new template, else in the deployed one."""
        return self.new_definition(logical_id) or self.old_definition(logical_id)

    def changed_properties(self, logical_id: str) -> set[str]:
        """The properties of a resource whose values will differ.

        CloudFormation also lists those that refer to any attribute of a resource that is changed in place:
        their values stay, but for the version of a launch template.
        """
        return self._changed_properties(logical_id, frozenset())

    def is_replaced(self, logical_id: str) -> bool:
        """Whether CloudFormation makes another resource in its place.

        `Conditional` counts as such where a property that will differ may replace it; a group's instances are
        then replaced inside the group, unless its UpdatePolicy replaces the whole group.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
        """
        return self._is_replaced(logical_id, frozenset())

    def _changed_properties(self, logical_id: str, seen: frozenset[str]) -> set[str]:
        old = self.old_definition(logical_id).get("Properties") or {}
        new = self.new_definition(logical_id).get("Properties") or {}
        found = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        change = self.changes.get(logical_id)
        for detail in change.details if change else ():
            if detail.attribute == "Properties" and detail.cause and self._differs(detail.cause, seen):
                found.add(detail.name)
        return found

    def _differs(self, cause: str, seen: frozenset[str]) -> bool:
        name, _, attribute = cause.partition(".")
        if name in seen:
            return False
        if name not in self.changes:
            # A parameter.
            return True
        if self._is_replaced(name, seen | {name}):
            return True
        return attribute.endswith(_VERSION) and bool(self._changed_properties(name, seen | {name}))

    def _is_replaced(self, logical_id: str, seen: frozenset[str]) -> bool:
        change = self.changes.get(logical_id)
        if change is None or change.action != "Modify" or change.replacement == "False":
            return False
        if change.replacement == "True":
            return True
        if change.type == GROUP and not _replaces_group(self.new_definition(logical_id)):
            risky = {d.name for d in change.details if d.recreation == "Always"}
        else:
            risky = {d.name for d in change.details if d.recreation in ("Always", "Conditionally")}
        return bool(risky & self._changed_properties(logical_id, seen | {logical_id}))


def leaves(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, value before and after, of each value that differs; None where there is none.

    Items of a list that have a name are compared by it, and so are tags by their keys.
    """
    before, after = _as_mapping(old), _as_mapping(new)
    if before is None and after is None:
        if old != new:
            yield path, old, new
        return
    if (before is None and old is not None) or (after is None and new is not None):
        yield path, old, new
        return
    before, after = before or {}, after or {}
    if not before and not after and old != new:
        yield path, old, new
    for key in [*before, *(key for key in after if key not in before)]:
        where = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
        if key.startswith("[") and (key not in before or key not in after):
            # An item as a whole.
            yield where, before.get(key), after.get(key)
        else:
            yield from leaves(before.get(key), after.get(key), where)


def _as_mapping(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Mapping):
        return {str(key): each for key, each in value.items()}
    if not isinstance(value, list):
        return None
    for title in ("name", "Key"):
        names = [each.get(title) if isinstance(each, Mapping) else None for each in value]
        if value and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
            return {f"[{name}]": each for name, each in zip(names, value, strict=True)}
    return {f"[{number}]": each for number, each in enumerate(value)}


def _replaces_group(definition: Definition) -> bool:
    policy = (definition.get("UpdatePolicy") or {}).get("AutoScalingReplacingUpdate") or {}
    return str(policy.get("WillReplace", False)).lower() == "true"


def change_of(resource: Mapping[str, Any]) -> Change:
    """A ResourceChange of DescribeChangeSet."""
    return Change(
        logical_id=resource["LogicalResourceId"],
        type=resource["ResourceType"],
        action=resource["Action"],
        replacement=resource.get("Replacement", "False"),
        physical_id=resource.get("PhysicalResourceId", ""),
        details=tuple(
            Detail(
                attribute=detail["Target"].get("Attribute", ""),
                name=detail["Target"].get("Name", ""),
                recreation=detail["Target"].get("RequiresRecreation", "Never"),
                cause=detail.get("CausingEntity", ""),
            )
            for detail in resource.get("Details", [])
        ),
        before=_context(resource.get("BeforeContext")),
        after=_context(resource.get("AfterContext")),
    )


def _context(text: str | None) -> Definition:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def references(value: Any) -> Iterator[str]:
    """Logical ids that a part of a template names: by Ref, GetAtt or DependsOn."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key == "DependsOn":
                yield from [each] if isinstance(each, str) else each
            elif key == "Ref":
                yield str(each)
            elif key == "Fn::GetAtt":
                yield str(each[0] if isinstance(each, list) else each.partition(".")[0])
            else:
                yield from references(each)
