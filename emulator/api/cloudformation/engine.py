"""How ministack runs a stack operation, where that differs from CloudFormation."""

import heapq
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.api import patches
from emulator.api.cloudformation import operation
from emulator.api.cloudformation.operation import Definition
from emulator.api.cloudformation.types.auto_scaling_group import AutoScalingGroup
from emulator.api.wire import timestamp

_SORT = patches.declare(
    "ministack.services.cloudformation.engine",
    "_topological_sort",
    parameters=("resources", "conditions"),
    why="resources are provisioned one by one, so those that wait must come after those that they wait for",
)
_SENDS_BACK = patches.declare(
    "ministack.services.cloudformation.stacks",
    "_sends_back_failed_update",
    parameters=("resource_type",),
    why="a group whose rolling update failed must be rolled back to its old launch template, too",
)
_UPDATE_RESOURCE = patches.declare(
    "ministack.services.cloudformation.provisioners",
    "_update_resource",
    parameters=(
        "resource_type",
        "physical_id",
        "old_props",
        "new_props",
        "stack_name",
        "logical_id",
        "old_attrs",
    ),
    why="a resource that did not change has no events in an update",
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
    why="events of unchanged resources, and of a failure that was already reported, are left out",
)
_EVENTS = patches.declare(
    "ministack.services.cloudformation", "_stack_events", why="the events of a stack, oldest first"
)


def install() -> None:
    """Patch the engine."""
    _SORT.replace(sort_with_waiting_last)
    _send_back_groups()
    _leave_out_needless_events()


def sort_with_waiting_last(resources: Mapping[str, Definition], conditions: Mapping[str, bool]) -> list[str]:
    """Order resources by their dependencies; among those that are free, resources that wait come last.

    CloudFormation works on all free resources at once. One after another, a
    wait condition would hold up what the machines that signal it need.

    Raises:
        ValueError: dependencies form a cycle.
    """
    active = {
        name: definition
        for name, definition in resources.items()
        if conditions.get(definition.get("Condition", ""), True)
    }
    needs = {name: operation.dependencies(item, active) - {name} for name, item in active.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in active}
    for name, others in needs.items():
        for other in others:
            needed_by[other].append(name)
    free = [(_waits(active[name]), name) for name, others in needs.items() if not others]
    heapq.heapify(free)
    ordered: list[str] = []
    while free:
        name = heapq.heappop(free)[1]
        ordered.append(name)
        for other in needed_by[name]:
            needs[other].discard(name)
            if not needs[other]:
                heapq.heappush(free, (_waits(active[other]), other))
    if len(ordered) != len(active):
        circle = ", ".join(sorted(active.keys() - set(ordered)))
        raise ValueError(f"Circular dependency between resources: [{circle}]")
    return ordered


def _waits(definition: Definition) -> int:
    if "CreationPolicy" in definition or definition.get("Type") == "AWS::CloudFormation::WaitCondition":
        return 2
    return 1 if definition.get("Type") == AutoScalingGroup.name else 0


def _send_back_groups() -> None:
    original: Callable[[str], bool] = _SENDS_BACK.get()

    def sends_back(resource_type: str) -> bool:
        return resource_type == AutoScalingGroup.name or original(resource_type)

    _SENDS_BACK.replace(sends_back)


def _leave_out_needless_events() -> None:
    unchanged: set[tuple[str, str | None]] = set()
    update_resource: Callable[..., Any] = _UPDATE_RESOURCE.get()
    add_event: Callable[..., None] = _ADD_EVENT.get()

    def update(  # noqa: PLR0917  (ministack's own parameters)
        resource_type: str,
        physical_id: str,
        old_props: Mapping[str, Any],
        new_props: Mapping[str, Any],
        stack_name: str,
        logical_id: str | None = None,
        old_attrs: Mapping[str, Any] | None = None,
    ) -> Any:
        if old_props == new_props:
            unchanged.add((stack_name, logical_id))
        return update_resource(
            resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs
        )

    def add(  # noqa: PLR0917  (ministack's own parameters)
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        events: list[dict[str, Any]] = _EVENTS.get().get(stack_id) or []
        last = events[-1] if events else {}
        if status == "UPDATE_COMPLETE" and (stack_name, logical_id) in unchanged:
            unchanged.discard((stack_name, logical_id))
            if (last.get("LogicalResourceId"), last.get("ResourceStatus")) == (
                logical_id,
                "UPDATE_IN_PROGRESS",
            ):
                events.pop()
            return
        if status.endswith("_FAILED") and any(
            (event["LogicalResourceId"], event["ResourceStatus"], event["ResourceStatusReason"])
            == (logical_id, status, reason)
            for event in events
        ):
            return
        add_event(
            stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status
        )
        # To the millisecond, as AWS has it: clients order events by their time.
        _EVENTS.get()[stack_id][-1]["Timestamp"] = timestamp(datetime.now(UTC))

    _UPDATE_RESOURCE.replace(update)
    _ADD_EVENT.replace(add)
