"""What was seen in the last quarter of an hour: each picture that differs from the one before."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kubequorum_cli.picture import changes
from kubequorum_cli.picture.model import Picture

KEEP = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When the cluster began to look so."""

    number: int
    at: datetime
    picture: Picture
    changes: list[str]

    def entry(self) -> dict[str, Any]:
        """A line of the time line: all but the picture."""
        return {
            "number": self.number,
            "at": self.at.isoformat(timespec="milliseconds"),
            "changes": self.changes,
            "bad": sum(mark.condition == "bad" for mark in self.picture.marks),
        }

    def document(self) -> dict[str, Any]:
        """With the picture."""
        return {**self.entry(), "picture": asdict(self.picture)}


class History:
    """The moments, oldest first, and whether the last look succeeded. Threads may share it."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """`now` is a clock, with a time zone."""
        self._now = now
        self._moments: deque[Moment] = deque()
        self._checked: datetime | None = None
        self._problem = ""
        self._lock = threading.Lock()

    def add(self, picture: Picture, problem: str = "") -> None:
        """What a look has seen; with a problem, if a part of it is of an earlier look."""
        with self._lock:
            now = self._now()
            self._problem = problem
            if not problem:
                self._checked = now
            last = self._moments[-1] if self._moments else None
            if last is None or last.picture != picture:
                self._moments.append(
                    Moment(
                        number=last.number + 1 if last else 1,
                        at=now,
                        picture=picture,
                        changes=changes.between(last.picture if last else None, picture),
                    )
                )
            # The newest of those that are too old is what the others begin with.
            while len(self._moments) > 1 and self._moments[1].at <= now - KEEP:
                self._moments.popleft()

    def fail(self, problem: str) -> None:
        """A look has seen nothing; the last picture stays, with the problem."""
        with self._lock:
            self._problem = problem

    def status(self) -> dict[str, Any]:
        """When the last picture was confirmed, and what is wrong since then."""
        with self._lock:
            checked = self._checked.isoformat(timespec="milliseconds") if self._checked else None
            return {"checked": checked, "problem": self._problem}

    def moments(self, after: int = 0) -> list[Moment]:
        """Those with a higher number."""
        with self._lock:
            return [moment for moment in self._moments if moment.number > after]

    def moment(self, number: int) -> Moment | None:
        """One of them; None if it is not kept any more."""
        return next((moment for moment in self.moments() if moment.number == number), None)
