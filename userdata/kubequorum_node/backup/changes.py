"""The changes of one revision: what etcd's watch says, and one line of a log object."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kubequorum_node.backup.errors import DamagedError, HoleError


@dataclass(frozen=True, kw_only=True)
class Event:
    """One key put or deleted. Key and value stay in base64, as they come and as they are written."""

    key: str
    value: str | None
    """None for a deletion."""
    lease: int = 0


@dataclass(frozen=True, kw_only=True)
class Revision:
    """All that one revision changed."""

    number: int
    events: tuple[Event, ...]
    seen: float
    """When the writer received it, in seconds since 1970."""

    def to_line(self) -> str:
        """One line of a log object, without its end."""
        events = [_to_json(event) for event in self.events]
        return json.dumps(
            {"revision": self.number, "seen": round(self.seen, 3), "events": events}, separators=(",", ":")
        )

    @classmethod
    def from_document(cls, document: Any) -> "Revision":
        """Read what `to_line` wrote, parsed.

        Raises:
            DamagedError: it is something else.

        """
        try:
            return cls(
                number=int(document["revision"]),
                events=tuple(_from_json(event) for event in document["events"]),
                seen=float(document["seen"]),
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise DamagedError(f"a line of the log is not a revision: {error!r}") from error


def joined(
    responses: Iterable[dict[str, Any]], *, after: int, now: Callable[[], float]
) -> Iterator[Revision]:
    """Whole revisions, one after the other, from watch responses that may have many or only parts of one.

    etcd counts a revision only when it changes a key, and a watch over all keys sees every change: the
    numbers have no gap.

    Args:
        responses: as etcd sends them.
        after: the revision that the first one follows.
        now: the time, in seconds since 1970.

    Raises:
        HoleError: a revision is missing.

    """
    number, events = after, list[Event]()
    for response in responses:
        for raw in response.get("events", []):
            revision = int(raw["kv"]["mod_revision"])
            if events and revision != number:
                yield Revision(number=number, events=tuple(events), seen=now())
                events = []
            if not events:
                if revision != number + 1:
                    raise HoleError(f"etcd's watch goes from revision {number} to {revision}")
                number = revision
            events.append(_from_watch(raw))
        # Events of one revision are split between responses only where etcd says so.
        if events and not response.get("fragment"):
            yield Revision(number=number, events=tuple(events), seen=now())
            events = []


def _from_watch(raw: dict[str, Any]) -> Event:
    kv = raw["kv"]
    if raw.get("type") == "DELETE":
        return Event(key=kv["key"], value=None)
    return Event(key=kv["key"], value=kv.get("value", ""), lease=int(kv.get("lease", 0)))


def _to_json(event: Event) -> dict[str, Any]:
    if event.value is None:
        return {"delete": event.key}
    put = {"put": event.key, "value": event.value}
    return {**put, "lease": event.lease} if event.lease else put


def _from_json(document: dict[str, Any]) -> Event:
    if "delete" in document:
        return Event(key=str(document["delete"]), value=None)
    return Event(key=str(document["put"]), value=str(document["value"]), lease=int(document.get("lease", 0)))
