"""Reads events of stacks, groups, nodes and kube-system, side by side."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from kubequorum_cli.events.model import Event, Source, of_group, of_kubernetes, of_stack
from kubequorum_cli.kubernetes import Client, find_access
from kubequorum_cli.parts import Part, Reading
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import STACKS, Target

_PATHS: dict[Source, str] = {
    "node": "/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNode",
    "kube-system": "/api/v1/namespaces/kube-system/events",
}


@dataclass(frozen=True, kw_only=True)
class Happened:
    """What was read."""

    events: list[Event]
    """Oldest first."""
    unread: dict[str, str]
    """Sources that could not be read, or not all of them, with the reason."""


def collect(target: Target, *, since: datetime) -> Happened:
    """Ask everybody for what has happened since a time."""
    with Reading() as read:
        asked = list(_ask(target, read, since))
        parts = [(source, part.result()) for source, part in asked]
    begin = since.astimezone(UTC).isoformat(timespec="seconds")
    found = {event for _, part in parts for event in part.value or [] if event.time >= begin}
    return Happened(
        events=sorted(found), unread={source: part.problem for source, part in parts if part.problem}
    )


def _ask(
    target: Target, read: Reading, since: datetime
) -> "Iterator[tuple[Source, Future[Part[list[Event]]]]]":
    resources = Resources(target)
    yield "stack", read(lambda: [of_stack(event) for event in _of_stacks(resources, since)])
    yield (
        "group",
        read(lambda: [of_group(a) for name in resources.group_names for a in resources.activities(name)]),
    )
    if target.no_kubernetes is None:
        for source in _PATHS:
            yield source, read(lambda source=source: _of_kubernetes(target, source))


def _of_stacks(resources: Resources, since: datetime) -> Iterator[dict[str, object]]:
    there = {stack["StackName"] for stack in resources.stacks()}
    for stack in STACKS:
        if resources.target.stack_name(stack) in there:
            yield from resources.events(stack, since=since)


def _of_kubernetes(target: Target, source: Source) -> list[Event]:
    items = Client(find_access(target)).get(_PATHS[source])["items"]
    return [of_kubernetes(item, source) for item in items]
