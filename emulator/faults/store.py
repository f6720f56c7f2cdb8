"""The active faults of an emulator: asked at the places where they have their effect."""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.faults.declaration import FaultId


@dataclass
class Entry:
    """An active fault."""

    fault_id: FaultId
    kind: str
    about: Mapping[str, Any]
    times_left: int | None
    """None: until it is cleared."""
    detail: Any = None
    """What the place where it has its effect keeps with it."""
    used: int = 0

    def as_response(self) -> dict[str, Any]:
        """For the channel; arguments that were left out are not listed."""
        shown = {name: value for name, value in self.about.items() if value not in (None, False, "")}
        return {"fault_id": self.fault_id, "kind": self.kind, "about": shown, "used": self.used}


@dataclass
class ActiveFaults:
    """All of them. Methods may be called from any thread, the event loop's too."""

    _entries: dict[str, Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(
        self, kind: str, about: Mapping[str, Any], *, times: int | None = None, detail: Any = None
    ) -> FaultId:
        """Make a fault active; its id.

        Raises:
            ValueError: `times` is below 1.
        """
        if times is not None and times < 1:
            raise ValueError(f"times is {times}: a fault has its effect at least once")
        with self._lock:
            fault_id = FaultId(f"{kind}-{next(self._numbers)}")
            self._entries[fault_id] = Entry(fault_id, kind, dict(about), times, detail)
            return fault_id

    def has(self, kind: str) -> bool:
        """Whether one of a kind is active: cheap, for places that every request passes."""
        return any(entry.kind == kind for entry in list(self._entries.values()))

    def take(self, kind: str, fits: Callable[[Entry], bool] = lambda _entry: True) -> Entry | None:
        """The oldest fault of a kind that fits, and count that it had its effect; None if there is none."""
        with self._lock:
            for entry in list(self._entries.values()):
                if entry.kind == kind and fits(entry):
                    entry.used += 1
                    if entry.times_left is not None:
                        entry.times_left -= 1
                        if entry.times_left == 0:
                            del self._entries[entry.fault_id]
                    return entry
        return None

    def all(self) -> list[Entry]:
        """Every active fault, the oldest first."""
        return list(self._entries.values())

    def clear(self, fault_id: str) -> None:
        """Clear one.

        Raises:
            LookupError: it is not active.
        """
        with self._lock:
            if self._entries.pop(fault_id, None) is None:
                raise LookupError(f"no fault {fault_id} is active; it may have had all its effects already")

    def clear_all(self) -> None:
        """Clear all."""
        with self._lock:
            self._entries.clear()
