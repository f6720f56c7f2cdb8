"""CloudFormation and SSM: resources that ministack does not name as AWS does."""

import json

from emulator.api import patches
from emulator.api.iam.checks import ANY, Check, Request

_RESOLVE_STACK = patches.declare(
    "ministack.services.cloudformation.handlers",
    "_resolve_stack",
    parameters=("stack_name",),
    why="policies name a stack by its ARN, with its id; requests may name it by its name",
)


def cloudformation(request: Request) -> list[Check] | None:
    """A request about a stack is checked against the stack's ARN."""
    name = request.parameter("StackName")
    stack = _RESOLVE_STACK.get()(name) if name else None
    return [Check(resource_arn=stack["StackId"])] if stack else None


def ssm(request: Request) -> list[Check] | None:
    """Requests for several parameters, or for a path, are checked for each."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return None
    if request.action == "DescribeParameters":
        return [Check(resource_arn=ANY)]
    if request.action in ("GetParameters", "DeleteParameters"):
        names = [str(name) for name in body.get("Names", [])]
    elif request.action == "GetParametersByPath":
        names = [str(body.get("Path", "/")).rstrip("/") or "/"]
    else:
        return None
    return [Check(resource_arn=request.arn("ssm", f"parameter/{name.lstrip('/')}")) for name in names]
