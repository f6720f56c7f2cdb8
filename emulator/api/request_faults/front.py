"""Stands before ministack: requests that a rule affects are answered badly, late, or not at all."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

from emulator.api.request_faults import answers, clocks, connections, rules
from emulator.api.request_faults.callers import Caller, Head, Operation, caller_of, operation_of
from emulator.api.wire import Reply
from emulator.faults.model import ApiRule
from emulator.faults.store import ActiveFaults, Entry

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Front:
    """An ASGI application around another one. Without faults it costs one lookup in a list."""

    def __init__(self, app: App, active_faults: ActiveFaults) -> None:
        self._app = app
        self._active_faults = active_faults

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not any(map(self._active_faults.has, (rules.KIND, clocks.KIND))):
            await self._app(scope, receive, send)
            return
        head = _head(scope)
        caller = caller_of(head.access_key_id)
        instance_id = caller.instance_id or head.claimed_instance_id
        seconds = clocks.ahead_seconds(self._active_faults, instance_id)
        if seconds:
            send = _dated(send, ahead_seconds=seconds)
        if self._active_faults.has(rules.KIND):
            await self._with_rules(scope, receive, send, head=head, caller=caller)
        else:
            await self._app(scope, receive, send)

    async def _with_rules(
        self, scope: Message, receive: Receive, send: Send, *, head: Head, caller: Caller
    ) -> None:
        body = await _read(receive)
        if body is None:
            return
        operation = operation_of(head, body)
        rule = await self._apply_rules(operation, caller)
        if rule is None:
            await self._app(scope, _replay(body, receive), send)
        elif rule.lost == "request":
            connections.drop()
        elif rule.lost == "response":
            await self._app(scope, _replay(body, receive), _nowhere)
            connections.drop()
        else:
            await _answer(send, _reply(rule, operation, head), with_body=head.method != "HEAD")

    async def _apply_rules(self, operation: Operation, caller: Caller) -> ApiRule | None:
        """Wait for the latency of every matching rule; returns the first one that has another effect."""
        applied: set[str] = set()

        def fits(entry: Entry) -> bool:
            return entry.fault_id not in applied and rules.fits(entry, operation, caller)

        while (entry := self._active_faults.take(rules.KIND, fits)) is not None:
            applied.add(entry.fault_id)
            rule: ApiRule = entry.detail.rule
            log.info("%s affects %s.%s of %s", entry.fault_id, operation.service, operation.name, caller)
            if rule.latency_seconds:
                await asyncio.sleep(rule.latency_seconds)
            if not rules.is_latency_only(rule):
                return rule
        return None


def _reply(rule: ApiRule, operation: Operation, head: Head) -> Reply:
    if rule.lost == "silently":
        return answers.success(operation)
    if rule.throttled:
        return answers.throttled(operation, head)
    if rule.error is not None:
        return answers.error(operation, head, code=rule.error, status=rule.status)
    return rule.status or 500, {}, b""


def _head(scope: Message) -> Head:
    return Head(
        method=scope["method"],
        path=scope["path"],
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        query=parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True),
    )


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if the client is gone."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that yields the body again, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _nowhere(message: Message) -> None:
    del message


def _dated(send: Send, *, ahead_seconds: float) -> Send:
    """A `send` that puts AWS's time into answers."""

    async def with_date(message: Message) -> None:
        if message["type"] == "http.response.start":
            now = datetime.now(UTC) + timedelta(seconds=ahead_seconds)
            others = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"date"]
            message = {**message, "headers": [*others, (b"date", format_datetime(now, usegmt=True).encode())]}
        await send(message)

    return with_date


async def _answer(send: Send, reply: Reply, *, with_body: bool) -> None:
    status, headers, body = reply
    lines = {**headers, "Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body if with_body else b""})
