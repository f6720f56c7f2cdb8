"""How instances enter and leave a group: the state machine of one member, and the balance of a group."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from emulator.api.autoscaling import activities, launching, placement
from emulator.api.autoscaling.interfaces import Balancing, Compute, Events, LaunchError, Timers
from emulator.api.autoscaling.lifecycle import Lifecycle
from emulator.api.autoscaling.model import Activity, Group, LifecycleState, Member, Transition
from emulator.api.wire import timestamp

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 10
MAX_RETRY_SECONDS = 300


class Capacity:
    """Launches and terminates. Every method runs under the engine's lock."""

    def __init__(
        self,
        *,
        compute: Compute,
        balancing: Balancing,
        events: Events,
        timers: Timers,
        clock: Callable[[], datetime],
        lock: threading.RLock,
        entered_service: Callable[[Group, Member], None],
        left: Callable[[Group], None],
        waits_for_draining: Callable[[], bool] = lambda: False,
    ) -> None:
        """`entered_service` and `left` are called with members that enter and leave service.

        `waits_for_draining`: the terminate hooks begin when the member's targets have drained.
        """
        self._waits_for_draining = waits_for_draining
        self.lifecycle = Lifecycle(timers=timers, events=events, clock=clock, lock=lock)
        self._compute = compute
        self._balancing = balancing
        self._events = events
        self._timers = timers
        self._clock = clock
        self._lock = lock
        self._entered_service = entered_service
        self._left = left

    def now(self) -> str:
        """The time as it is written in the causes of activities."""
        return timestamp(self._clock())

    def balance(self, group: Group) -> None:
        """Launch and terminate until the capacity is the desired one."""
        desired = group.settings.desired_capacity + len(group.at_risk)
        while len(group.capacity) < desired and not self._launch_is_held_back(group):
            self._launch(group)
        surplus = len(group.capacity) - desired
        if surplus > 0 and "Terminate" not in group.suspended:
            for victim in placement.choose_victims(group.settings, group.capacity, surplus):
                before = len(group.capacity)
                cause = (
                    f"At {self.now()} an instance was taken out of service in response to a difference "
                    "between desired and actual capacity, shrinking the capacity "
                    f"from {before} to {before - 1}.  "
                    f"At {self.now()} instance {victim.instance_id} was selected for termination."
                )
                self.begin_termination(group, victim, cause=cause)

    def forget_failures(self, group: Group) -> None:
        """Try again at once: something about the group was changed."""
        group.failed_launches = 0
        if group.retry is not None:
            group.retry.cancel()
            group.retry = None

    def specification(self, group: Group) -> str:
        """What the group's next instance would be; raises what `launching.specification` does."""
        return launching.specification(self._compute, group)

    def running(self, group: Group, member: Member) -> None:
        """EC2 says that a pending member runs: its launch hooks begin."""
        if group.hooks_for(Transition.LAUNCHING):
            member.launch_activity.status = "MidLifecycleAction"
        self.lifecycle.begin(
            group,
            member,
            transition=Transition.LAUNCHING,
            done=partial(self._passed_launch_hooks, group, member),
        )

    def fail_launch(self, group: Group, member: Member, why: str) -> None:
        """Give up a member that is not yet in service."""
        self._finish(member.launch_activity, member, failure=why, status="Cancelled")
        cause = f"At {self.now()} an instance was taken out of service because its launch was not successful."
        self._hold_back(group)
        never_ran = member.state is LifecycleState.PENDING
        self.begin_termination(group, member, cause=cause)
        if never_ran and member.actions:
            self.end_instance(group, member)

    def begin_termination(self, group: Group, member: Member, *, cause: str) -> Activity:
        """Take a member out through the terminate hooks; one that is already leaving is not affected."""
        if member.termination_activity is not None:
            return member.termination_activity
        self.lifecycle.cancel(member)
        if member.grace is not None:
            member.grace.cancel()
            member.grace = None
        if member.launch_activity.end_time is None:
            why = "Instance was terminated before it was in service."
            self._finish(member.launch_activity, member, failure=why, status="Cancelled")
        activity = member.termination_activity = activities.start(
            group,
            description=f"Terminating EC2 instance: {member.instance_id}",
            cause=cause,
            now=self._clock(),
            details=_details(member),
        )
        seconds = self._balancing.deregister(group.settings.target_group_arns, member.instance_id)
        member.state = LifecycleState.TERMINATING
        if seconds > 0 and self._waits_for_draining():
            activity.status = "WaitingForELBConnectionDraining"
            member.draining = self._timers.later(seconds, partial(self._drained, group, member))
        else:
            self._begin_terminate_hooks(group, member, activity)
        return activity

    def _drained(self, group: Group, member: Member) -> None:
        with self._lock:
            if member.state is LifecycleState.TERMINATING and member.termination_activity is not None:
                member.draining = None
                self._begin_terminate_hooks(group, member, member.termination_activity)

    def _begin_terminate_hooks(self, group: Group, member: Member, activity: Activity) -> None:
        if group.hooks_for(Transition.TERMINATING):
            activity.status = "MidLifecycleAction"
        self.lifecycle.begin(
            group,
            member,
            transition=Transition.TERMINATING,
            # Both results terminate the instance; ABANDON only skips the hooks that are still waiting.
            done=lambda _why: self.end_instance(group, member),
        )

    def end_instance(self, group: Group, member: Member) -> None:
        """The hooks are passed, or skipped: now the instance goes."""
        self.lifecycle.cancel(member)
        if member.draining is not None:
            member.draining.cancel()
            member.draining = None
        member.state = LifecycleState.TERMINATING_PROCEED
        if member.termination_activity is not None:
            member.termination_activity.status = "InProgress"
        if member.gone:
            self.terminated(group, member)
        else:
            self._compute.terminate(member.instance_id)

    def terminated(self, group: Group, member: Member) -> None:
        """EC2 says that the instance is gone: so is the member."""
        group.members.pop(member.instance_id, None)
        if member.termination_activity is not None:
            self._finish(member.termination_activity, member)
        self._left(group)

    def _launch_is_held_back(self, group: Group) -> bool:
        return group.retry is not None or group.deleting or "Launch" in group.suspended

    def _launch(self, group: Group) -> None:
        members = group.capacity
        cause = (
            f"{group.launch_cause}  At {self.now()} an instance was started in response to a difference "
            "between desired and actual capacity, increasing the capacity "
            f"from {len(members)} to {len(members) + 1}."
        )
        activity = activities.start(
            group,
            description="Launching a new EC2 instance",
            cause=cause.strip(),
            now=self._clock(),
            details={},
        )
        try:
            member = launching.launch(self._compute, group, activity, now=self._clock())
        except LaunchError as error:
            self._finish(activity, None, failure=f"{error}. Launching EC2 instance failed.")
            self._hold_back(group)
        else:
            group.members[member.instance_id] = member

    def _passed_launch_hooks(self, group: Group, member: Member, why: str | None) -> None:
        if why is not None:
            self.fail_launch(group, member, why)
            self.balance(group)
            return
        member.state = LifecycleState.PENDING_PROCEED
        self._timers.later(0, partial(self._enter_service, group, member))

    def _enter_service(self, group: Group, member: Member) -> None:
        with self._lock:
            if member.state is not LifecycleState.PENDING_PROCEED:
                return
            self._balancing.register(group.settings.target_group_arns, member.instance_id)
            member.state = LifecycleState.IN_SERVICE
            group.failed_launches = 0
            self._finish(member.launch_activity, member)
            self._entered_service(group, member)

    def _hold_back(self, group: Group) -> None:
        """Back off after every failure, as on AWS: a broken template must not launch without end."""
        delay = min(FIRST_RETRY_SECONDS * 2**group.failed_launches, MAX_RETRY_SECONDS)
        group.failed_launches += 1
        group.launch_cause = ""
        if group.retry is None and not group.deleting:
            group.retry = self._timers.later(delay, partial(self._retry, group))

    def _retry(self, group: Group) -> None:
        with self._lock:
            group.retry = None
            self.balance(group)

    def _finish(
        self,
        activity: Activity,
        member: Member | None,
        *,
        failure: str | None = None,
        status: str | None = None,
    ) -> None:
        activities.finish(activity, now=self._clock(), failure=failure, status=status)
        log.info("%s: %s (%s)", activity.group_name, activity.description, activity.status)
        launching = member is None or activity is member.launch_activity
        kind, detail = activities.result_event(
            activity, instance_id=member.instance_id if member else None, launching=launching
        )
        self._events.emit(kind, resources=[activity.group_arn], detail=detail)


def _details(member: Member) -> dict[str, str]:
    return activities.placement_details(member.subnet.subnet_id, member.subnet.availability_zone)
