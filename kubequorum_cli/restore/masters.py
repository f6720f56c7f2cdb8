"""Brings all masters to a restore: those that do not carry it out by themselves are replaced."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from kubequorum_cli.errors import CommandError
from kubequorum_cli.resources import IN_SERVICE, REPLACING_PROCESSES, Resources
from kubequorum_cli.restore.request import RestoreBucket
from kubequorum_cli.slot_records import SlotRecord

_LAUNCH_HOOK = "launch"
_READY = "ready"
_PATIENCE_SECONDS = 60.0
"""How long a master that is booting has to notice the request: those that wait look every few seconds."""


@dataclass(kw_only=True)
class SlotState:
    """How far a slot has come."""

    slot: str
    text: str
    done: bool = False


@dataclass(kw_only=True)
class Masters:
    """The masters of a cluster while they are brought to a restore; `step` is called again and again."""

    resources: Resources
    bucket: RestoreBucket
    number: int
    since: datetime
    """When the request was written, by AWS's clock: masters launched later read it when they boot."""
    now: Callable[[], float] = time.monotonic
    _began: float | None = None
    _ended: set[str] = field(default_factory=set)

    def require_replaceable(self) -> None:
        """Return if all groups can replace their instances.

        Raises:
            CommandError: a process of one is suspended, or it may have no instance.
        """
        for slot in self.resources.slots:
            group = self.resources.group(slot)
            name = group["AutoScalingGroupName"]
            suspended = {entry["ProcessName"] for entry in group.get("SuspendedProcesses", [])}
            if stopped := sorted(suspended.intersection(REPLACING_PROCESSES)):
                raise CommandError(
                    f"the group of slot {slot} cannot replace its master",
                    why=f"{', '.join(stopped)} of {name} is suspended",
                    remedy=f"aws autoscaling resume-processes --auto-scaling-group-name {name}",
                )
            if group["DesiredCapacity"] < 1:
                raise CommandError(
                    f"the group of slot {slot} has no master",
                    why=f"the desired capacity of {name} is {group['DesiredCapacity']}",
                    remedy="aws autoscaling set-desired-capacity --desired-capacity 1 "
                    f"--auto-scaling-group-name {name}",
                )

    def step(self) -> list[SlotState]:
        """Look at all slots, and do what is due; how far each is."""
        self._began = self.now() if self._began is None else self._began
        members = self.resources.all_members()
        ids = [str(member["InstanceId"]) for found in members.values() for member in found]
        described = self.resources.instances_by_id(ids)
        old = {id_ for id_, instance in described.items() if instance["LaunchTime"] < self.since}
        return [self._look(slot, members[slot], old) for slot in self.resources.slots]

    def _look(self, slot: str, members: list[dict[str, Any]], old: set[str]) -> SlotState:
        record = self.bucket.record(slot)
        for member in members:
            if member["InstanceId"] in old:
                self._deal_with(slot, member, record)
        in_service = {m["InstanceId"] for m in members if m["LifecycleState"] == IN_SERVICE}
        if record is None:
            return SlotState(slot=slot, text="no master has begun")
        done = record.restore >= self.number and record.outcome == _READY and record.instance in in_service
        if record.restore >= self.number:
            text = "restored and in service" if done else f"data restored, {record.outcome}"
        elif record.outcome == self._restoring:
            text = "restoring"
        elif record.outcome.startswith("failed"):
            text = record.outcome
        else:
            text = "waiting for a master that restores"
        return SlotState(slot=slot, text=text, done=done)

    @property
    def _restoring(self) -> str:
        return f"restoring {self.number}"

    def _deal_with(self, slot: str, member: dict[str, Any], record: SlotRecord | None) -> None:
        """Have an instance replaced that neither runs on the restored data nor is about to."""
        instance, state = str(member["InstanceId"]), str(member["LifecycleState"])
        if instance in self._ended or state.startswith("Terminat"):
            return
        is_own = record is not None and record.instance == instance
        if is_own and record and (record.restore >= self.number or record.outcome == self._restoring):
            return
        if state.startswith("Pending") and self.now() - (self._began or 0.0) < _PATIENCE_SECONDS:
            return
        autoscaling = self.resources.client("autoscaling")
        try:
            if state == "Pending:Wait":
                # Its group ends it and launches another one.
                autoscaling.complete_lifecycle_action(
                    AutoScalingGroupName=self.resources.groups[slot],
                    LifecycleHookName=_LAUNCH_HOOK,
                    InstanceId=instance,
                    LifecycleActionResult="ABANDON",
                )
            else:
                autoscaling.terminate_instance_in_auto_scaling_group(
                    InstanceId=instance, ShouldDecrementDesiredCapacity=False
                )
        except ClientError as error:
            # It has changed its state meanwhile: the next look sees which.
            if error.response["Error"]["Code"] not in ("ValidationError", "ScalingActivityInProgress"):
                raise
            return
        self._ended.add(instance)
