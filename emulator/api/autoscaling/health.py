"""Which members are unhealthy, and that they are replaced."""

import threading
from collections.abc import Callable
from functools import partial

from emulator.api.autoscaling.capacity import Capacity
from emulator.api.autoscaling.interfaces import Timers
from emulator.api.autoscaling.model import Group, LifecycleState, Member

USER = "a user health-check"
EC2_STATE = "an EC2 health check indicating it has been terminated or stopped"
EC2_STATUS_CHECK = "an EC2 instance status checks failure"
LOAD_BALANCER = "an ELB system health check failure"


class Health:
    """Judges members. `replace` needs the engine's lock, the rest takes it."""

    def __init__(
        self, *, timers: Timers, lock: threading.RLock, notices_after: Callable[[], float] = lambda: 0.0
    ) -> None:
        """`notices_after`: seconds until a group acts on what EC2 says of an instance."""
        self._notices_after = notices_after
        self._timers = timers
        self._lock = lock
        self.capacity: Capacity | None = None
        """Set by the engine: the two know each other."""

    def entered_service(self, group: Group, member: Member) -> None:
        """Start the grace period, during which failed checks do not count."""
        seconds = group.settings.health_check_grace_seconds
        if seconds > 0:
            member.grace = self._timers.later(seconds, partial(self._end_grace, group, member))

    def check_failed(self, group: Group, member: Member, *, why: str, respect_grace: bool) -> None:
        """A check found a member unhealthy: it is replaced, unless a grace period that counts still lasts."""
        with self._lock:
            if respect_grace and (member.grace is not None or member.state.is_pending):
                return
            member.health = "Unhealthy"
            self.replace(group, member, why=why)

    def instance_ended(self, group: Group, member: Member) -> None:
        """EC2 says that a member in service stopped or ended; no grace period covers that."""
        self._notice(partial(self._judge_end, group, member))

    def status_checked(self, group: Group, member: Member, *, passed: bool) -> None:
        """EC2 says that a member is impaired, or no longer."""
        with self._lock:
            member.impaired = not passed
        if not passed:
            self._notice(partial(self._judge_status, group, member))

    def target_health_changed(self, group: Group, member: Member, *, healthy: bool) -> None:
        """A load balancer reports a changed health of a member."""
        with self._lock:
            member.load_balancer_unhealthy = not healthy
            self._judge_target(group, member)

    def replace(self, group: Group, member: Member, *, why: str) -> None:
        """Terminate an unhealthy member; its successor is launched at once, not afterwards."""
        capacity = self.capacity
        held = {"ReplaceUnhealthy", "Terminate"} & group.suspended.keys()
        if capacity is None or held or member.state.is_terminating:
            return
        cause = f"At {capacity.now()} an instance was taken out of service in response to {why}."
        capacity.begin_termination(group, member, cause=cause)
        group.launch_cause = (
            f"At {capacity.now()} an instance was launched in response to an unhealthy instance "
            "needing to be replaced."
        )
        capacity.balance(group)

    def _notice(self, judge: Callable[[], None]) -> None:
        if (seconds := self._notices_after()) > 0:
            self._timers.later(seconds, judge)
        else:
            judge()

    def _judge_end(self, group: Group, member: Member) -> None:
        # It may have been started again meanwhile, or be leaving for another reason.
        if member.ended and "HealthCheck" not in group.suspended:
            self.check_failed(group, member, why=EC2_STATE, respect_grace=False)

    def _judge_status(self, group: Group, member: Member) -> None:
        if member.impaired and "HealthCheck" not in group.suspended:
            self.check_failed(group, member, why=EC2_STATUS_CHECK, respect_grace=True)

    def _end_grace(self, group: Group, member: Member) -> None:
        with self._lock:
            member.grace = None
            self._judge_target(group, member)

    def _judge_target(self, group: Group, member: Member) -> None:
        counts = "ELB" in group.settings.health_check_type and "HealthCheck" not in group.suspended
        if counts and member.load_balancer_unhealthy and member.state is LifecycleState.IN_SERVICE:
            self.check_failed(group, member, why=LOAD_BALANCER, respect_grace=True)
