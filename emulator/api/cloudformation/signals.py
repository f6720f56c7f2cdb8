"""SignalResource: who is waiting, and what was received.

A resource can be signalled while it is in progress: from the moment that
everything it depends on is there, until it is complete. ministack provisions
one resource after another, so a signal may come before its resource's turn;
it is kept until then, as it would be received on AWS.
"""

import threading
import time
from dataclasses import dataclass

from emulator.api.cloudformation.operation import Operation

Key = tuple[str, str]
"""Stack id and logical id."""


class ClosingError(Exception):
    """A wait was cut short because the emulator ends."""


@dataclass(frozen=True)
class Signal:
    """One signal: a repeated unique id is a retransmission."""

    unique_id: str
    status: str
    """SUCCESS or FAILURE."""


class Signals:
    """The signals that were received for resources in progress."""

    def __init__(self) -> None:
        self._received: dict[Key, dict[str, Signal]] = {}
        self._open: dict[Key, str] = {}
        self._changed = threading.Condition()
        self._stopping = False

    def stop(self) -> None:
        """End every wait with an error: the emulator is closing."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def open(self, operation: Operation, logical_id: str, *, event_status: str, keep: bool) -> "Inbox":
        """Begin to wait; with `keep`, what came before the resource's turn counts."""
        key = (operation.stack_id, logical_id)
        with self._changed:
            if not keep:
                self._received.pop(key, None)
            self._open[key] = event_status
            early = list(self._received.setdefault(key, {}).values())
        for signal in early:
            _announce(operation, logical_id, event_status, signal)
        return Inbox(self, key)

    def is_open(self, key: Key) -> bool:
        """Whether the resource waits now."""
        with self._changed:
            return key in self._open

    def deliver(self, operation: Operation, logical_id: str, signal: Signal) -> None:
        """Take a signal in, and show it in the stack's events once its resource waits."""
        key = (operation.stack_id, logical_id)
        with self._changed:
            received = self._received.setdefault(key, {})
            if signal.unique_id in received:
                return
            received[signal.unique_id] = signal
            event_status = self._open.get(key)
            self._changed.notify_all()
        if event_status is not None:
            _announce(operation, logical_id, event_status, signal)

    def reset(self) -> None:
        """Drop everything; waits that are under way time out."""
        with self._changed:
            self._received.clear()

    def received(self, key: Key) -> list[Signal]:
        """Everything so far, in order."""
        with self._changed:
            return list(self._received.get(key, {}).values())

    def wait(self, key: Key, known: int, *, timeout: float) -> None:
        """Return when there is more than `known`, or the time is over.

        Raises:
            ClosingError: the emulator is closing.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or len(self._received.get(key, {})) > known, timeout
            )
            if self._stopping:
                raise ClosingError("the emulator is closing")

    def close(self, key: Key) -> None:
        """Stop waiting."""
        with self._changed:
            self._open.pop(key, None)
            self._received.pop(key, None)


class Inbox:
    """One resource's wait for signals; a context manager."""

    def __init__(self, signals: Signals, key: Key) -> None:
        self._signals = signals
        self._key = key

    def __enter__(self) -> "Inbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._signals.close(self._key)

    def collect(self, count: int, *, timeout: float, ignore: frozenset[str] = frozenset()) -> list[Signal]:
        """Wait for `count` signals, for a FAILURE, or until time is over; those in `ignore` do not count."""
        deadline = time.monotonic() + timeout
        while True:
            everything = self._signals.received(self._key)
            fresh = [signal for signal in everything if signal.unique_id not in ignore]
            remaining = deadline - time.monotonic()
            failed = any(signal.status == "FAILURE" for signal in fresh)
            if failed or len(fresh) >= count or remaining <= 0:
                return fresh
            self._signals.wait(self._key, len(everything), timeout=remaining)


def _announce(operation: Operation, logical_id: str, event_status: str, signal: Signal) -> None:
    operation.event(
        logical_id, event_status, f"Received {signal.status} signal with UniqueId {signal.unique_id}"
    )
