"""What machines report to EC2."""

from collections.abc import Callable

from ministack.core.responses import request_scope

from emulator.api.ec2 import service, store

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
