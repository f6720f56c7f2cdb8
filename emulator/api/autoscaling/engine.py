"""The Auto Scaling engine: groups that keep their capacity. It uses AWS through `interfaces` only."""

import threading
from collections.abc import Callable, Collection, MutableMapping
from dataclasses import replace
from datetime import datetime

from emulator.api.autoscaling import activities, configuration, rebalancing
from emulator.api.autoscaling.capacity import Capacity
from emulator.api.autoscaling.health import Health
from emulator.api.autoscaling.interfaces import Balancing, Compute, Events, Timers
from emulator.api.autoscaling.model import Activity, Group, LifecycleState, Member, Settings
from emulator.api.wire import ApiError
from emulator.times import QUICK, Times


class Engine:
    """All groups. Public methods may be called from any thread."""

    def __init__(
        self,
        *,
        groups: MutableMapping[str, Group],
        compute: Compute,
        balancing: Balancing,
        events: Events,
        timers: Timers,
        clock: Callable[[], datetime],
        times: Callable[[], Times] = lambda: QUICK,
    ) -> None:
        self.lock = threading.RLock()
        self.groups = groups
        self.clock = clock
        self.health = Health(timers=timers, lock=self.lock, notices_after=lambda: times().group_notices)
        self.capacity = Capacity(
            compute=compute,
            balancing=balancing,
            events=events,
            timers=timers,
            clock=clock,
            lock=self.lock,
            entered_service=self._entered_service,
            left=self._left,
            waits_for_draining=lambda: times().termination_waits_for_draining,
        )
        self.health.capacity = self.capacity
        self.compute = compute
        self._balancing = balancing
        self._changed = threading.Condition(self.lock)

    def group(self, name: str) -> Group:
        """Return a group.

        Raises:
            ApiError: there is none of this name.
        """
        group = self.groups.get(name)
        if group is None:
            raise ApiError("ValidationError", f"AutoScalingGroup name not found - no such group: {name}")
        return group

    def find(self, instance_id: str) -> tuple[Group, Member] | None:
        """Return the group that an instance belongs to, and its membership; None if it is in no group."""
        for group in list(self.groups.values()):
            member = group.members.get(instance_id)
            if member is not None:
                return group, member
        return None

    def member(self, instance_id: str) -> tuple[Group, Member]:
        """Return what `find` returns.

        Raises:
            ApiError: the instance is in no group.
        """
        found = self.find(instance_id)
        if found is None:
            raise ApiError(
                "ValidationError",
                f"Instance Id not found - No managed instance found for instance ID: {instance_id}",
            )
        return found

    def add_group(self, group: Group) -> None:
        """Create a group and launch its instances.

        Raises:
            ApiError: the name is taken, or the launch template or a subnet does not exist.
        """
        with self.lock:
            if group.name in self.groups:
                raise ApiError(
                    "AlreadyExists",
                    "AutoScalingGroup by this name already exists - "
                    f"A group with the name {group.name} already exists",
                )
            configuration.check(self.compute, group.settings)
            self.groups[group.name] = group
            group.launch_cause = (
                f"At {self.capacity.now()} a user request created an AutoScalingGroup "
                f"changing the desired capacity from 0 to {group.settings.desired_capacity}."
            )
            self.capacity.balance(group)

    def change_group(self, name: str, settings: Settings) -> None:
        """Give a group another configuration; its instances stay as they were launched.

        Raises:
            ApiError: no such group, or the configuration is not possible.
        """
        with self.lock:
            group = self.group(name)
            old = group.settings
            configuration.check(self.compute, settings, old)
            group.settings = settings
            configuration.move_targets(self._balancing, group, old)
            if old.desired_capacity != settings.desired_capacity:
                group.launch_cause = (
                    f"At {self.capacity.now()} a user request explicitly set group desired capacity changing "
                    f"the desired capacity from {old.desired_capacity} to {settings.desired_capacity}."
                )
            self.capacity.forget_failures(group)
            self.capacity.balance(group)

    def set_desired_capacity(self, name: str, desired: int) -> None:
        """Grow or shrink a group.

        Raises:
            ApiError: no such group, or outside its limits.
        """
        with self.lock:
            self.change_group(name, replace(self.group(name).settings, desired_capacity=desired))

    def reconcile(self, name: str) -> None:
        """Launch and terminate until the group has its desired capacity.

        Raises:
            ApiError: no such group.
        """
        with self.lock:
            self.capacity.balance(self.group(name))

    def terminate(self, instance_id: str, *, why: str, decrement: bool = False) -> Activity:
        """Take an instance out through the terminate hooks; unless decremented, a successor follows at once.

        Raises:
            ApiError: the instance is in no group, or the group is at its minimum already.
        """
        with self.lock:
            group, member = self.member(instance_id)
            if decrement and not member.state.is_terminating:
                desired = group.settings.desired_capacity - 1
                if desired < group.settings.min_size:
                    raise ApiError(
                        "ValidationError",
                        f"Currently, desiredSize equals minSize ({group.settings.min_size}). "
                        "Terminating instance without replacement will violate group's min size constraint.",
                    )
                group.settings = replace(group.settings, desired_capacity=desired)
            now = self.capacity.now()
            cause = f"At {now} instance {instance_id} was taken out of service in response to {why}."
            activity = self.capacity.begin_termination(group, member, cause=cause)
            group.launch_cause = ""
            self.capacity.forget_failures(group)
            self.capacity.balance(group)
            return activity

    def delete_group(self, name: str, *, force: bool) -> None:
        """Begin to delete a group: with `force` at once, else through the terminate hooks.

        Raises:
            ApiError: there is no such group.
        """
        with self.lock:
            group = self.group(name)
            group.deleting = True
            group.settings = replace(group.settings, min_size=0, desired_capacity=0)
            self.capacity.forget_failures(group)
            cause = f"At {self.capacity.now()} a user request deleted the AutoScalingGroup."
            for member in list(group.members.values()):
                self.capacity.begin_termination(group, member, cause=cause)
                if force and member.state in (LifecycleState.TERMINATING, LifecycleState.TERMINATING_WAIT):
                    self.capacity.end_instance(group, member)
            self._left(group)

    def wait_until(self, condition: Callable[[], bool], *, timeout_seconds: float | None = None) -> bool:
        """Wait until a condition on groups and their members holds; False if it does not in time."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_seconds)

    def suspend(self, name: str, processes: Collection[str], *, reason: str) -> None:
        """Stop some of a group's processes (Launch, Terminate, HealthCheck, ReplaceUnhealthy, …).

        Raises:
            ApiError: there is no such group.
        """
        with self.lock:
            self.group(name).suspended.update(dict.fromkeys(processes, reason))

    def resume(self, name: str, processes: Collection[str]) -> None:
        """Resume them, and catch up with what they missed.

        Raises:
            ApiError: there is no such group.
        """
        with self.lock:
            group = self.group(name)
            for process in processes:
                group.suspended.pop(process, None)
            for member in group.capacity:
                if member.ended and "HealthCheck" not in group.suspended:
                    member.health = "Unhealthy"
                if member.health != "Healthy":
                    self.health.replace(group, member, why="a system health-check")
            self.capacity.balance(group)

    def instance_changed(self, instance_id: str, *, state: str, reason: str) -> None:
        """Called by EC2 when an instance changes its state; `reason` says why it ended."""
        with self.lock:
            found = self.find(instance_id)
            if found is None or state == "pending":
                return
            group, member = found
            member.gone = state == "terminated"
            member.ended = state != "running"
            if state == "running":
                if member.state is LifecycleState.PENDING:
                    self.capacity.running(group, member)
            elif member.state.is_pending:
                self.capacity.fail_launch(group, member, activities.died_while_pending(reason))
                self.capacity.balance(group)
            elif member.state is LifecycleState.IN_SERVICE:
                self.health.instance_ended(group, member)
            elif member.state is LifecycleState.TERMINATING_PROCEED and member.gone:
                self.capacity.terminated(group, member)

    def _entered_service(self, group: Group, member: Member) -> None:
        self.health.entered_service(group, member)
        rebalancing.release(self.capacity, group)
        self._changed.notify_all()

    def _left(self, group: Group) -> None:
        if group.deleting and not group.members:
            self.groups.pop(group.name, None)
        else:
            self.capacity.balance(group)
        self._changed.notify_all()
