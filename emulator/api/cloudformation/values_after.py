"""What properties become by a change set: values, as far as they are known before it is executed."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.api import patches
from emulator.api.cloudformation.operation import Definition

_RESOLVE = patches.declare(
    "ministack.services.cloudformation.engine",
    "_resolve_refs",
    parameters=("value", "resources", "params", "conditions", "mappings", "stack_name", "stack_id"),
    why="a change set shows what properties become",
)
_CONDITIONS = patches.declare(
    "ministack.services.cloudformation.engine",
    "_evaluate_conditions",
    parameters=("template", "params"),
    why="properties may depend on conditions",
)
_NO_VALUE = patches.declare(
    "ministack.services.cloudformation.engine", "_NO_VALUE", why="a property that AWS::NoValue removes"
)
_EXPORTS = patches.declare(
    "ministack.services.cloudformation", "_exports", why="what other stacks export is known, or not yet"
)
KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""In place of a value that depends on what is still to be made. Seen in change sets of AWS, whole functions
become it: https://github.com/aws/aws-cdk-cli/blob/main/packages/%40aws-cdk/cloudformation-diff/test/util.ts"""


class ValuesAfter:
    """The resources of a change set's template, with values.

    Args:
        stack: the stack as it is.
        change_set: the change set.

    """

    def __init__(self, stack: Mapping[str, Any], change_set: Mapping[str, Any]) -> None:
        self._stack, self._set = stack, change_set
        template = change_set.get("_template") or {}
        self.definitions: Mapping[str, Definition] = template.get("Resources") or {}
        self._template = template
        self._parameters = change_set.get("_resolved_params") or {}
        changes = [change["ResourceChange"] for change in change_set.get("Changes") or ()]
        self._changed = {change["LogicalResourceId"] for change in changes}
        self._other_id = {
            change["LogicalResourceId"]
            for change in changes
            if change["Action"] == "Add" or change.get("Replacement", "False") != "False"
        }

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties; empty if the template does not have it."""
        definition = self.definitions.get(logical_id) or {}
        marked = self._marked(copy.deepcopy(definition.get("Properties") or {}))
        try:
            resolved = _RESOLVE.get()(
                marked,
                self._stack.get("_resources") or {},
                self._parameters,
                _CONDITIONS.get()(self._template, self._parameters),
                self._template.get("Mappings") or {},
                self._set["StackName"],
                self._set["StackId"],
            )
        except (LookupError, ValueError):
            return dict(marked)
        return {name: value for name, value in resolved.items() if value is not _NO_VALUE.get()}

    def _marked(self, value: Any) -> Any:
        """The value with the marker in place of each function that cannot be evaluated yet."""
        if isinstance(value, list):
            return [self._marked(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name,) = value
            if name == "Ref" or name.startswith("Fn::"):
                return KNOWN_AFTER_APPLY if self._is_unknown(name, value[name]) else value
        return {key: self._marked(each) for key, each in value.items()}

    def _is_unknown(self, function: str, argument: Any) -> bool:
        if function == "Ref":
            return argument in self._other_id
        if function == "Fn::GetAtt":
            name = argument[0] if isinstance(argument, list) else str(argument).partition(".")[0]
            return name in self._changed
        if function == "Fn::ImportValue" and isinstance(argument, str):
            return argument not in _EXPORTS.get()
        if function == "Fn::Sub":
            text, named = (argument, {}) if isinstance(argument, str) else argument
            references = {part.partition("}")[0] for part in text.split("${")[1:]} - set(named)
            return self._contains_unknown(named) or any(
                self._is_unknown("Fn::GetAtt" if "." in each else "Ref", each) for each in references
            )
        return self._contains_unknown(argument)

    def _contains_unknown(self, value: Any) -> bool:
        if isinstance(value, list):
            return any(map(self._contains_unknown, value))
        if isinstance(value, dict):
            return any(
                self._is_unknown(name, each)
                if name == "Ref" or name.startswith("Fn::")
                else self._contains_unknown(each)
                for name, each in value.items()
            )
        return False


def leaves(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Path, value before and value after, of each value that differs; None where there is none."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from leaves(old.get(key), new.get(key), f"{path}/{key}")
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            before = old[number] if number < len(old) else None
            after = new[number] if number < len(new) else None
            yield from leaves(before, after, f"{path}/{number}")
    elif old != new:
        yield path, old, new
