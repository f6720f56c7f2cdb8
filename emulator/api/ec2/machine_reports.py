"""What machines report to EC2."""

import threading
from collections.abc import Callable

from ministack.core.responses import request_scope

from emulator.api.ec2 import service, store
from emulator.api.worker import Timer, Worker

StatusListener = Callable[[str, bool], None]
"""Called with instance id and whether its status checks pass."""

_listeners: list[StatusListener] = []


def subscribe(listener: StatusListener) -> None:
    """Subscribe to changes of status checks."""
    _listeners.append(listener)


def forget_listeners() -> None:
    """Start over, for tests."""
    _listeners.clear()


def powered_off(instance_id: str) -> None:
    """The guest shut itself down: the instance stops or terminates, as its shutdown behaviour says."""
    scope = store.scope(instance_id)
    if scope is not None:
        with request_scope(*scope):
            service.current().instances.powered_off(instance_id)


def status_check(instance_id: str, *, passed: bool) -> None:
    """EC2's status checks of the machine fail or pass again: lost power, no network."""
    scope = store.scope(instance_id)
    if scope is None:
        return
    with request_scope(*scope):
        with store.LOCK:
            record = store.instances().get(instance_id)
            if record is None or record["_StatusCheckPassed"] == passed:
                return
            record["_StatusCheckPassed"] = passed
        for listener in _listeners:
            listener(instance_id, passed)


class StatusChecks:
    """EC2's status checks of machines: they notice a failure some time after it, and its end at once."""

    def __init__(self, *, worker: Worker, seconds: Callable[[], float]) -> None:
        """`seconds` is how long a machine has failed before they say so."""
        self._worker = worker
        self._seconds = seconds
        self._lock = threading.Lock()
        self._pending: dict[str, Timer] = {}

    def report(self, instance_id: str, passed: bool) -> None:
        """A machine has just failed, or works again. May be called from any thread."""
        with self._lock:
            if (pending := self._pending.pop(instance_id, None)) is not None:
                pending.cancel()
            if not passed and (seconds := self._seconds()) > 0:
                self._pending[instance_id] = self._worker.later(seconds, self._fail, instance_id)
                return
        status_check(instance_id, passed=passed)

    def _fail(self, instance_id: str) -> None:
        with self._lock:
            if self._pending.pop(instance_id, None) is None:
                return
        status_check(instance_id, passed=False)
