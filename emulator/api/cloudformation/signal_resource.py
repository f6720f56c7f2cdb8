"""The SignalResource operation."""

from emulator.api import patches
from emulator.api.cloudformation.operation import ROLLING_BACK, Operation
from emulator.api.cloudformation.policies import creation_policy
from emulator.api.cloudformation.signals import Signal, Signals
from emulator.api.wire import ApiError, Protocol, Request

_ACTIONS = patches.declare(
    "ministack.services.cloudformation",
    "_ACTION_HANDLERS",
    items={"SignalResource": ("params",)},
    why="ministack signals wait conditions only, and only while they wait",
)
_RESOLVE = patches.declare(
    "ministack.services.cloudformation.handlers",
    "_resolve_stack",
    parameters=("stack_name",),
    why="a stack is named by its name or its ARN",
)
_IN_PROGRESS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", ROLLING_BACK)
_MAX_UNIQUE_ID_LENGTH = 64


def install(signals: Signals) -> None:
    """Take SignalResource over."""

    def signal_resource(request: Request) -> None:
        _deliver(signals, request)

    _ACTIONS.replace_item(
        "SignalResource", Protocol("cloudformation").handler("SignalResource", signal_resource)
    )


def _deliver(signals: Signals, request: Request) -> None:
    """Deliver a signal to a resource in progress.

    Raises:
        ApiError: nothing of that name is in progress, or it takes no signals.
    """
    logical_id, status, unique_id = request["LogicalResourceId"], request["Status"], request["UniqueId"]
    if status not in ("SUCCESS", "FAILURE"):
        raise ApiError(
            "ValidationError",
            f"1 validation error detected: Value '{status}' at 'status' failed to satisfy constraint: "
            "Member must satisfy enum value set: [SUCCESS, FAILURE]",
        )
    if not 1 <= len(unique_id) <= _MAX_UNIQUE_ID_LENGTH:
        raise ApiError(
            "ValidationError",
            f"1 validation error detected: Value '{unique_id}' at 'uniqueId' failed to satisfy constraint: "
            f"Member must have length between 1 and {_MAX_UNIQUE_ID_LENGTH}",
        )
    stack = _RESOLVE.get()(request["StackName"])
    if not stack or stack["StackStatus"] == "DELETE_COMPLETE":
        raise ApiError("ValidationError", f"Stack [{request['StackName']}] does not exist")
    current = Operation(stack)
    if current.status not in _IN_PROGRESS:
        raise ApiError(
            "ValidationError",
            f"Stack:{current.stack_id} is in {current.status} state and can not be signaled",
        )
    if not current.definition(logical_id):
        raise ApiError(
            "ValidationError", f"Resource {logical_id} does not exist for stack {stack['StackName']}"
        )
    if not _takes_signals_now(signals, current, logical_id):
        state = "CREATE_COMPLETE" if current.is_complete(logical_id) else "not in progress"
        raise ApiError("ValidationError", f"Resource {logical_id} is in {state} state and cannot be signaled")
    signals.deliver(current, logical_id, Signal(unique_id=unique_id, status=status))


def _takes_signals_now(signals: Signals, current: Operation, logical_id: str) -> bool:
    if signals.is_open((current.stack_id, logical_id)):
        return True
    definition = current.definition(logical_id)
    return (
        definition.get("Type") == "AWS::CloudFormation::WaitCondition"
        and creation_policy(definition) is not None
        and not current.is_complete(logical_id)
        and current.dependencies_complete(logical_id)
    )
