"""What is broken now, or waits for its time: asked for at the places where it happens."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """A switch that is on."""

    switch_id: str
    kind: str
    about: Mapping[str, Any]
    times_left: int | None
    """None: until it is removed."""
    detail: Any = None
    """What the place where it happens keeps with it."""
    used: int = 0

    def as_response(self) -> dict[str, Any]:
        """For the channel; parameters that were left out are not shown."""
        shown = {name: value for name, value in self.about.items() if value not in (None, False, "")}
        return {"switch_id": self.switch_id, "kind": self.kind, "about": shown, "used": self.used}


@dataclass
class Switches:
    """All that are on. Methods may be called from any thread, the event loop's too."""

    _entries: dict[str, Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(
        self, kind: str, about: Mapping[str, Any], *, times: int | None = None, detail: Any = None
    ) -> str:
        """Switch something on; its id.

        Raises:
            ValueError: `times` is below 1.
        """
        if times is not None and times < 1:
            raise ValueError(f"times is {times}: a switch has its effect once at least")
        with self._lock:
            entry = Entry(f"{kind}-{next(self._numbers)}", kind, dict(about), times, detail)
            self._entries[entry.switch_id] = entry
            return entry.switch_id

    def has(self, kind: str) -> bool:
        """Whether one of a kind is on: cheap, for places that every request passes."""
        return any(entry.kind == kind for entry in list(self._entries.values()))

    def take(self, kind: str, fits: Callable[[Entry], bool] = lambda _entry: True) -> Entry | None:
        """The oldest switch of a kind that fits, and count that it had its effect; None if there is none."""
        with self._lock:
            for entry in list(self._entries.values()):
                if entry.kind == kind and fits(entry):
                    entry.used += 1
                    if entry.times_left is not None:
                        entry.times_left -= 1
                        if entry.times_left == 0:
                            del self._entries[entry.switch_id]
                    return entry
        return None

    def all(self) -> list[Entry]:
        """What is on, the oldest first."""
        return list(self._entries.values())

    def remove(self, switch_id: str) -> None:
        """Switch one off.

        Raises:
            LookupError: it is not on.
        """
        with self._lock:
            if self._entries.pop(switch_id, None) is None:
                raise LookupError(f"no switch {switch_id} is on; it may have had all its effects already")

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._entries.clear()
