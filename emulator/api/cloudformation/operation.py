"""The stack operation that is running: its stack, its template, and its events."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.api import patches

_STACKS = patches.declare(
    "ministack.services.cloudformation", "_stacks", why="a stack's status, template and resources"
)
_PARSE_TEMPLATE = patches.declare(
    "ministack.services.cloudformation.engine",
    "_parse_template",
    parameters=("template_body",),
    why="resource policies are read from the template that is being deployed",
)
_DEPENDENCIES = patches.declare(
    "ministack.services.cloudformation.engine",
    "_extract_deps",
    parameters=("resource_def", "all_resource_names"),
    why="what a resource waits for decides when it may be signalled, and in which order resources are made",
)
_RESOLVE = patches.declare(
    "ministack.services.cloudformation.engine",
    "_resolve_refs",
    parameters=("value", "resources", "params", "conditions", "mappings", "stack_name", "stack_id"),
    why="CreationPolicy and UpdatePolicy may refer to parameters",
)
_ADD_EVENT = patches.declare(
    "ministack.services.cloudformation.stacks",
    "_add_event",
    parameters=(
        "stack_id",
        "stack_name",
        "logical_id",
        "resource_type",
        "status",
        "reason",
        "physical_id",
        "detailed_status",
    ),
    why="what a resource waits for, and why it failed, is shown in the stack's events",
)

Definition = Mapping[str, Any]
_POLICIES = ("CreationPolicy", "UpdatePolicy")
ROLLING_BACK = "UPDATE_ROLLBACK_IN_PROGRESS"


@dataclass(frozen=True)
class Operation:
    """What is going on in a stack."""

    stack: Mapping[str, Any]

    @property
    def stack_id(self) -> str:
        """The ARN of the stack."""
        return str(self.stack["StackId"])

    @property
    def status(self) -> str:
        """The stack's status."""
        return str(self.stack["StackStatus"])

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """Resources of the template in force: a rollback follows the one before the update.

        (CloudFormation user guide, UpdatePolicy attribute: "During a rollback, CloudFormation uses the
        UpdatePolicy configuration prior to the current stack update.")
        """
        if self.status == ROLLING_BACK or not self.stack.get("_template_body"):
            template = self.stack.get("_template") or {}
        else:
            template = _parsed(self.stack["_template_body"])
        resources: Mapping[str, Definition] = template.get("Resources") or {}
        return resources

    def definition(self, logical_id: str) -> Definition:
        """One resource of that template, its policies resolved; empty if it has no such resource."""
        definition = self.definitions.get(logical_id) or {}
        policies = {name: definition[name] for name in _POLICIES if name in definition}
        return {**definition, **self._resolved(policies)}

    def _resolved(self, values: dict[str, Any]) -> dict[str, Any]:
        if self.status == ROLLING_BACK:
            parameters = self.stack.get("_resolved_params") or {}
        else:
            parameters = {
                item["ParameterKey"]: {"Value": item["ParameterValue"], "Type": "String"}
                for item in self.stack.get("Parameters") or ()
            }
        resolved: dict[str, Any] = _RESOLVE.get()(
            copy.deepcopy(values),
            self.stack.get("_resources") or {},
            parameters,
            self.stack.get("_conditions") or {},
            {},
            self.stack["StackName"],
            self.stack_id,
        )
        return resolved

    def is_complete(self, logical_id: str) -> bool:
        """Whether the resource exists."""
        return logical_id in (self.stack.get("_resources") or {})

    def dependencies_complete(self, logical_id: str) -> bool:
        """Whether everything that the resource depends on exists, so that it is in progress or done."""
        names = dependencies(self.definition(logical_id), self.definitions)
        return all(self.is_complete(name) for name in names)

    def event(self, logical_id: str, status: str, reason: str, *, physical_id: str = "") -> None:
        """Add an event of a resource to the stack."""
        _ADD_EVENT.get()(
            self.stack_id,
            str(self.stack["StackName"]),
            logical_id,
            str(self.definition(logical_id).get("Type", "")),
            status,
            reason,
            physical_id,
        )


def running(stack_name: str) -> Operation:
    """Return the operation of a stack in the account and region of the caller.

    Raises:
        LookupError: there is no such stack.
    """
    stack = _STACKS.get().get(stack_name)
    if stack is None:
        raise LookupError(f"Stack [{stack_name}] does not exist")
    return Operation(stack)


def dependencies(definition: Definition, names: Mapping[str, Definition]) -> set[str]:
    """The resources that one refers to or names in DependsOn."""
    found: set[str] = _DEPENDENCIES.get()(definition, set(names))
    return found


@lru_cache(maxsize=32)
def _parsed(template_body: str) -> Mapping[str, Any]:
    if template_body.lstrip().startswith("{"):
        template: Mapping[str, Any] = json.loads(template_body)
    else:
        template = _PARSE_TEMPLATE.get()(template_body)
    return template
