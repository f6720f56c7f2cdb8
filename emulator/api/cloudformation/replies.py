"""Replies to stack operations wait a moment for operations that take a moment.

Clients look at a stack right after they started an operation, and then only
every five seconds or so. Most stacks here are done within one second, so the
reply is held back for them, a few seconds at most: the first look sees the end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from emulator.api import patches

_HANDLE = patches.declare(
    "ministack.services.cloudformation",
    "handle_request",
    parameters=("method", "path", "headers", "body", "query_params"),
    why="the reply to a stack operation is held back until the operation is done, or a moment has passed",
)
_RESOLVE = patches.declare(
    "ministack.services.cloudformation.handlers",
    "_resolve_stack",
    parameters=("stack_name",),
    why="a stack is named by its name or its ARN",
)
_OPERATIONS = frozenset({"CreateStack", "UpdateStack", "ExecuteChangeSet", "DeleteStack"})
_MOMENT_SECONDS = 5.0
_POLL_SECONDS = 0.02

Handler = Callable[..., Awaitable[Any]]


def install(*, time_scale: float) -> None:
    """Patch CloudFormation's request handler."""
    _HANDLE.replace(_holding_back(_HANDLE.get(), _MOMENT_SECONDS * time_scale))


def _holding_back(original: Handler, moment_seconds: float) -> Handler:
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        reply = await original(method, path, headers, body, query_params)
        form = {**query_params, **parse_qs(body.decode("utf-8", errors="replace"))}
        if form.get("Action", [""])[0] in _OPERATIONS and reply[0] == 200:
            await _until_done(form, moment_seconds)
        return reply

    return handle_request


async def _until_done(form: dict[str, list[str]], moment_seconds: float) -> None:
    name = form.get("StackName", [""])[0]
    # Only by its id is a stack found after it was deleted.
    stack = _RESOLVE.get()(name) if name else None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + moment_seconds
    # The operation is a task that has not begun to run when the reply is there.
    await asyncio.sleep(0)
    while stack and stack["StackStatus"].endswith("_IN_PROGRESS") and loop.time() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
