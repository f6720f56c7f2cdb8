"""Lifecycle actions: instances that wait in hooks, their tokens, heartbeats, timeouts and results."""

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import uuid4

from emulator.api.autoscaling import activities
from emulator.api.autoscaling.interfaces import Events, Timers
from emulator.api.autoscaling.model import (
    Cancellable,
    Group,
    Hook,
    LifecycleAction,
    LifecycleState,
    Member,
    Transition,
)
from emulator.api.wire import ApiError

Done = Callable[[str | None], None]
"""Called when an instance has passed its hooks: with None, or with why they were abandoned."""

_WAIT = {
    Transition.LAUNCHING: LifecycleState.PENDING_WAIT,
    Transition.TERMINATING: LifecycleState.TERMINATING_WAIT,
}


class Lifecycle:
    """Takes instances through their hooks. What the API calls takes the lock, the rest needs it."""

    def __init__(
        self, *, timers: Timers, events: Events, clock: Callable[[], datetime], lock: threading.RLock
    ) -> None:
        self._timers = timers
        self._events = events
        self._clock = clock
        self._lock = lock
        self._done: dict[str, Done] = {}
        """By instance."""

    def begin(self, group: Group, member: Member, *, transition: Transition, done: Done) -> None:
        """Let the instance wait in every hook of the transition; without hooks it has passed at once."""
        hooks = group.hooks_for(transition)
        if not hooks:
            done(None)
            return
        member.state = _WAIT[transition]
        self._done[member.instance_id] = done
        for hook in hooks:
            token = str(uuid4())
            action = member.actions[token] = LifecycleAction(
                token=token,
                hook=hook,
                heartbeat=self._expire_after(hook.heartbeat_seconds, member, token),
                deadline=self._expire_after(hook.global_timeout_seconds, member, token),
            )
            kind, detail = activities.action_event(group, member, action, moment=self._clock())
            self._events.emit(kind, resources=[group.arn], detail=detail)

    def complete(self, member: Member, *, hook_name: str, token: str | None, result: str) -> None:
        """End one action with CONTINUE or ABANDON.

        Raises:
            ApiError: the instance waits in no such action, or the result is neither.
        """
        if result not in ("CONTINUE", "ABANDON"):
            raise ApiError(
                "ValidationError",
                f"The lifecycle action result '{result}' is invalid; it must be CONTINUE or ABANDON.",
            )
        with self._lock:
            action = self._find(member, hook_name=hook_name, token=token)
            self._finish(member, action, result=result, why=activities.ABANDONED_BY_RESULT)

    def record_heartbeat(self, member: Member, *, hook_name: str, token: str | None) -> None:
        """Restart the timeout of one action; its deadline stays.

        Raises:
            ApiError: the instance waits in no such action.
        """
        with self._lock:
            action = self._find(member, hook_name=hook_name, token=token)
            action.heartbeat.cancel()
            action.heartbeat = self._expire_after(action.hook.heartbeat_seconds, member, action.token)

    def cancel(self, member: Member) -> None:
        """Drop the actions of an instance that no longer waits for them."""
        for action in member.actions.values():
            action.cancel_timers()
        member.actions.clear()
        self._done.pop(member.instance_id, None)

    def _find(self, member: Member, *, hook_name: str, token: str | None) -> LifecycleAction:
        for action in member.actions.values():
            if action.hook.name == hook_name and token in (None, "", action.token):
                return action
        given = f"token {token}" if token else f"instance ID {member.instance_id}"
        raise ApiError("ValidationError", f"No active Lifecycle Action found with {given}")

    def _expire_after(self, seconds: int, member: Member, token: str) -> Cancellable:
        return self._timers.later(seconds, partial(self._expire, member, token))

    def _expire(self, member: Member, token: str) -> None:
        with self._lock:
            action = member.actions.get(token)
            if action is not None:
                self._finish(
                    member, action, result=action.hook.default_result, why=activities.HEARTBEAT_TIMEOUT
                )

    def _finish(self, member: Member, action: LifecycleAction, *, result: str, why: str) -> None:
        action.cancel_timers()
        del member.actions[action.token]
        done = self._done[member.instance_id]
        if result == "ABANDON":
            self.cancel(member)
            done(activities.abandoned(action.token, why))
        elif not member.actions:
            self.cancel(member)
            done(None)


def hook_from_properties(name: str, properties: dict[str, object]) -> Hook:
    """Read a hook as PutLifecycleHook and templates spell it.

    Raises:
        ApiError: a value that AWS refuses.
    """
    transition = str(properties.get("LifecycleTransition", ""))
    if transition not in list(Transition):
        raise ApiError("ValidationError", f"Invalid lifecycle transition '{transition}' of hook {name}.")
    heartbeat = int(str(properties.get("HeartbeatTimeout") or 3600))
    if not 30 <= heartbeat <= 7200:
        raise ApiError(
            "ValidationError",
            f"The heartbeat timeout of hook {name} must be from 30 to 7200, not {heartbeat}.",
        )
    default = str(properties.get("DefaultResult") or "ABANDON")
    if default not in ("CONTINUE", "ABANDON"):
        raise ApiError("ValidationError", f"Invalid default result '{default}' of hook {name}.")
    metadata = properties.get("NotificationMetadata")
    return Hook(
        name=name,
        transition=Transition(transition),
        heartbeat_seconds=heartbeat,
        default_result=default,
        notification_metadata=str(metadata) if metadata else None,
    )
