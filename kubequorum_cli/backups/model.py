"""What is in the state bucket below `backups/`, as plain data."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

_POINT = re.compile(r"(\d{1,6})/(\d{1,20})")


@dataclass(frozen=True, order=True)
class Point:
    """A moment that can be restored to, and its id: `<generation>/<revision of etcd>`, as in `1/4711`."""

    generation: int
    revision: int

    def __str__(self) -> str:
        return f"{self.generation}/{self.revision}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The point that an id names; None if it is no id."""
        found = _POINT.fullmatch(text.strip())
        return None if found is None else cls(int(found.group(1)), int(found.group(2)))


@dataclass(frozen=True, kw_only=True)
class Generation:
    """The data of one cluster of etcd. A restore begins another one."""

    number: int
    cluster_id: str
    """Of etcd, hexadecimal."""
    begun: datetime


@dataclass(frozen=True, kw_only=True)
class Full:
    """A full snapshot, as the listing has it."""

    key: str
    point: Point
    """Its revision is the newest one in it."""
    size_bytes: int
    written: datetime
    """By the bucket's clock, as all times of listings."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """A log object, as the listing has it."""

    key: str
    first: Point
    size_bytes: int
    written: datetime


@dataclass(frozen=True, kw_only=True)
class Hole:
    """Logs are missing from here to the next full snapshot, by a writer's note."""

    key: str
    first: Point


@dataclass(frozen=True, kw_only=True)
class Chain:
    """How far the logs continue a full snapshot without a hole, read and verified."""

    begin: Full
    end: Point
    """The newest point that can be restored to."""
    seen: datetime
    """When a writer received that revision from etcd; without logs when the full snapshot was written."""
    stopped: str = ""
    """Why what follows cannot be used; empty if nothing follows."""


@dataclass(frozen=True, kw_only=True)
class Drill:
    """The result of a restore drill."""

    passed: bool
    at: datetime
    """When it began."""
    by: str
    """Slot of the master that ran it."""
    point: Point
    """What was rebuilt."""
    seconds: float
    what: str
    """What is wrong; empty if it passed."""
