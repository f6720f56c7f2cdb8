"""Changes that are not known everywhere at once: for a while the value from before is still in effect."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Propagation(Generic[Key, Value]):
    """What values were before changes that are under way. Methods may be called from any thread."""

    def __init__(self, seconds: Callable[[], float], *, clock: Callable[[], float] = time.monotonic) -> None:
        """A change takes so many real seconds, asked when it is made; with 0 it is in effect at once."""
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way: dict[Key, list[tuple[float, Value]]] = {}

    def changed(self, key: Key, *, before: Value) -> None:
        """Note that a value was changed just now."""
        if (seconds := self._seconds()) > 0:
            with self._lock:
                changes = self._under_way.setdefault(key, [])
                # They arrive in order, even if a later one would take less time.
                earliest = changes[-1][0] if changes else 0.0
                changes.append((max(earliest, self._clock() + seconds), before))

    def in_effect(self, key: Key, now: Value) -> Value:
        """The value that is in effect, of one that is `now` after all changes."""
        with self._lock:
            changes = self._live(key)
            # Changes arrive in order: before the first that has not, none of them counts.
            return changes[0][1] if changes else now

    def remaining(self, key: Key) -> float:
        """Seconds until all changes of a value are in effect."""
        with self._lock:
            changes = self._live(key)
            return changes[-1][0] - self._clock() if changes else 0.0

    def under_way(self) -> list[Key]:
        """What has changes that are not in effect yet."""
        with self._lock:
            return [key for key in list(self._under_way) if self._live(key)]

    def forget(self) -> None:
        """Everything is in effect, for tests that start over."""
        with self._lock:
            self._under_way.clear()

    def _live(self, key: Key) -> list[tuple[float, Value]]:
        changes = [entry for entry in self._under_way.get(key, []) if entry[0] > self._clock()]
        if changes:
            self._under_way[key] = changes
        else:
            self._under_way.pop(key, None)
        return changes
