"""Which request it is, and whose: derived from its head, before anything handles it."""

import re
from dataclasses import dataclass

from emulator.api import patches, sessions

_ACCESS_KEY = patches.declare(
    "ministack.core.router",
    "extract_access_key_id",
    parameters=("headers", "query_params"),
    why="faults affect requests of instances, not those of the administrator",
)
_SERVICE = patches.declare(
    "ministack.core.router",
    "detect_service",
    parameters=("method", "path", "headers", "query_params"),
    why="a rule names the service whose requests it affects",
)
_ROUTING = patches.declare(
    "ministack.app",
    "_routing_params",
    parameters=("method", "path", "headers", "body", "query_params"),
    why="requests of the Query protocol name their operation in the body",
)
_ACTION = patches.declare(
    "ministack.core.iam_actions",
    "extract_iam_action",
    parameters=("service", "method", "path", "headers", "body", "query_params"),
    why="a rule names the operation that it affects",
)
_INSTANCE_ID = re.compile(r"\bi-[0-9a-f]{8,17}\b")


@dataclass(frozen=True, kw_only=True)
class Head:
    """A request without its body."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, list[str]]

    @property
    def access_key_id(self) -> str:
        """Of the key that it is signed with; empty if it is not signed."""
        return str(_ACCESS_KEY.get()(self.headers, self.query))

    @property
    def claimed_instance_id(self) -> str | None:
        """The instance that an unsigned request names in its User-Agent: nothing else shows who sends it."""
        named = None if self.access_key_id else _INSTANCE_ID.search(self.headers.get("user-agent", ""))
        return named and named.group()


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who sent a request."""

    instance_id: str | None = None
    role: str | None = None

    @property
    def is_administrator(self) -> bool:
        """Neither an instance nor another caller with a role."""
        return self.role is None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a request wants done."""

    service: str
    """In ministack's words: the names of permissions, but `elasticloadbalancing` and `monitoring`."""
    name: str


def caller_of(access_key_id: str) -> Caller:
    """Whose key it is."""
    session = sessions.find(access_key_id)
    if session is None:
        return Caller()
    arn = str(session.get("SourceInstanceArn") or "")
    return Caller(
        instance_id=arn.rpartition("/")[2] or None,
        role=str(session.get("Arn", "")).partition("assumed-role/")[2].partition("/")[0],
    )


def operation_of(head: Head, body: bytes) -> Operation:
    """The operation; an empty name if it is unknown."""
    parameters = _ROUTING.get()(head.method, head.path, head.headers, body, head.query)
    service = str(_SERVICE.get()(head.method, head.path, head.headers, parameters))
    action = _ACTION.get()(service, head.method, head.path, head.headers, body, parameters)
    return Operation(service=service, name=str(action or "").partition(":")[2])
