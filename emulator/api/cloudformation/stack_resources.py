"""What a stack says of its resources while an operation runs.

ministack records a resource when it is complete. On AWS it is listed from its
first event on, with the status of its last one.
"""

from collections.abc import Callable
from typing import Any

from emulator.api import patches

_ACTIONS = patches.declare(
    "ministack.services.cloudformation",
    "_ACTION_HANDLERS",
    items={
        "DescribeStackResource": ("params",),
        "DescribeStackResources": ("params",),
        "ListStackResources": ("params",),
    },
    why="they show resources that are in progress, too",
)
_EVENTS = patches.declare(
    "ministack.services.cloudformation",
    "_stack_events",
    why="the last event of a resource has its status",
)
_RESOLVE = patches.declare(
    "ministack.services.cloudformation.handlers",
    "_resolve_stack",
    parameters=("stack_name",),
    why="a stack is named by its name or its ARN",
)
_STACK = "AWS::CloudFormation::Stack"
_GONE = ("DELETE_COMPLETE", "DELETE_SKIPPED")

Record = dict[str, Any]
Handler = Callable[[Any], Any]


def install() -> None:
    """Patch the three operations that show a stack's resources."""
    for action in _ACTIONS.items:
        _ACTIONS.replace_item(action, _with_current_statuses(_ACTIONS.item(action)))


def _with_current_statuses(original: Handler) -> Handler:
    def handle(params: Any) -> Any:
        name = params.get("StackName", "")
        stack = _RESOLVE.get()(name[0] if isinstance(name, list) else name) if name else None
        if not stack or "_resources" not in stack:
            return original(params)
        recorded = stack["_resources"]
        # The handlers run on the event loop and do not wait: nothing else sees this.
        stack["_resources"] = _current(recorded, _EVENTS.get().get(stack["StackId"], []))
        try:
            return original(params)
        finally:
            stack["_resources"] = recorded

    return handle


def _current(recorded: dict[str, Record], events: list[Record]) -> dict[str, Record]:
    """The records, each with the status of its resource's last event, and those that are not recorded yet."""
    current = {logical_id: dict(record) for logical_id, record in recorded.items()}
    last = {event["LogicalResourceId"]: event for event in events if event["ResourceType"] != _STACK}
    for logical_id, event in last.items():
        if event["ResourceStatus"] in _GONE:
            continue
        record = current.setdefault(
            logical_id,
            {
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": event["PhysicalResourceId"],
                "ResourceType": event["ResourceType"],
            },
        )
        record["ResourceStatus"] = event["ResourceStatus"]
        record["ResourceStatusReason"] = event["ResourceStatusReason"]
        record["Timestamp"] = event["Timestamp"]
    return current
