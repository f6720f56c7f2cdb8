"""AutoScalingRollingUpdate: a group's instances are replaced in batches, each batch proven by signals.

Texts and order of the events are CloudFormation's.
"""

import math
import time
from collections.abc import Sequence

from emulator.api.autoscaling import groups
from emulator.api.calls import call
from emulator.api.cloudformation.operation import Operation
from emulator.api.cloudformation.policies import RollingUpdate
from emulator.api.cloudformation.registry import Properties
from emulator.api.cloudformation.signals import Inbox, Signal, Signals
from emulator.api.cloudformation.types import group_state
from emulator.api.worker import Worker

_CAUSES = ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy", "VPCZoneIdentifier")
"""Properties whose change replaces instances (user guide, UpdatePolicy attribute)."""


def needs_rolling_update(old: Properties, new: Properties) -> bool:
    """Whether a change of the group's properties requires new instances."""
    return any(old.get(name) != new.get(name) for name in _CAUSES)


def settle(
    received: Sequence[Signal], *, expected: int, min_successful_percent: int, last_failure: str | None
) -> None:
    """Judge the signals of a batch, or of a new group.

    Raises:
        RuntimeError: too few were SUCCESS; the text says what failed last.
    """
    successes = sum(1 for signal in received if signal.status == "SUCCESS")
    if successes >= math.ceil(expected * min_successful_percent / 100):
        return
    reason = (
        f"Received {successes} SUCCESS signal(s) out of {expected}.  Unable to satisfy "
        f"{min_successful_percent}% MinSuccessfulInstancesPercent requirement"
    )
    failed = [signal.unique_id for signal in received if signal.status == "FAILURE"]
    if failed:
        reason += f". Received FAILURE signal with UniqueId {', '.join(failed)}"
    if last_failure:
        reason += f". Last failed scaling activity: {last_failure}"
    raise RuntimeError(reason)


class RollingUpdater:
    """One rolling update of one group."""

    def __init__(
        self,
        *,
        group_name: str,
        logical_id: str,
        operation: Operation,
        policy: RollingUpdate,
        signals: Signals,
        worker: Worker,
    ) -> None:
        self._group_name = group_name
        self._logical_id = logical_id
        self._operation = operation
        self._policy = policy
        self._signals = signals
        self._worker = worker
        self._counted: frozenset[str] = frozenset()

    def run(self) -> None:
        """Replace every outdated instance; the group's sizes and processes are as before afterwards.

        Raises:
            RuntimeError: too few new instances proved themselves; what was replaced stays replaced.
        """
        outdated = groups.outdated_instances(self._group_name)
        if not outdated:
            return
        policy, group = self._policy, group_state.describe(self._group_name)
        sizes = {name: group[name] for name in ("MinSize", "DesiredCapacity")}
        in_service = policy.min_instances_in_service
        if in_service >= group["MaxSize"]:
            raise ValueError(
                "MinInstancesInService must be less than the autoscaling group's MaxSize: "
                f"{in_service} is not less than {group['MaxSize']}"
            )
        self._event(
            f"Rolling update initiated. Terminating {len(outdated)} obsolete instance(s) in batches of "
            f"{policy.max_batch_size}, while keeping at least {in_service} instance(s) in service."
            + (
                f" Waiting on resource signals with a timeout of {policy.pause_seconds}s when new instances "
                "are added to the autoscaling group."
                if policy.wait_on_signals
                else ""
            )
        )
        suspended = self._suspend({process["ProcessName"] for process in group["SuspendedProcesses"]})
        try:
            with self._signals.open(
                self._operation, self._logical_id, event_status="UPDATE_IN_PROGRESS", keep=False
            ) as inbox:
                self._grow(sizes["DesiredCapacity"], in_service, max_size=group["MaxSize"], inbox=inbox)
                self._replace(outdated, desired=sizes["DesiredCapacity"], inbox=inbox)
        finally:
            self._resize(**sizes)
            if suspended:
                call(
                    "autoscaling",
                    "resume_processes",
                    AutoScalingGroupName=self._group_name,
                    ScalingProcesses=suspended,
                )

    def _grow(self, desired: int, in_service: int, *, max_size: int, inbox: Inbox) -> None:
        """Launch before anything is terminated, if too few instances would stay in service otherwise."""
        wanted = min(in_service + self._policy.max_batch_size, max_size)
        if wanted <= desired:
            return
        self._event(f"Temporarily setting autoscaling group MinSize and DesiredCapacity to {wanted}.")
        before = self._living()
        self._resize(MinSize=wanted, DesiredCapacity=wanted)
        self._prove(wanted - desired, before=before, inbox=inbox)

    def _replace(self, outdated: Sequence[str], *, desired: int, inbox: Inbox) -> None:
        left = list(outdated)
        while left:
            living = self._living()
            spare = max(1, len(living) - self._policy.min_instances_in_service)
            batch = left[: min(self._policy.max_batch_size, spare)]
            left = left[len(batch) :]
            # What was launched in advance takes the place of the last ones.
            successors = min(len(batch), max(0, desired - len(living - set(batch) - set(left))))
            started = time.monotonic()
            self._event(
                f"Terminating instance(s) [{','.join(batch)}]; replacing with {successors} new instance(s)."
            )
            if successors < len(batch):
                self._resize(MinSize=0)
            for number, instance_id in enumerate(batch):
                call(
                    "autoscaling",
                    "terminate_instance_in_auto_scaling_group",
                    InstanceId=instance_id,
                    ShouldDecrementDesiredCapacity=number >= successors,
                )
            self._wait_until_gone(batch)
            progress = 100 * (len(outdated) - len(left)) // len(outdated)
            self._event(f"Successfully terminated instance(s) [{','.join(batch)}] (Progress {progress}%).")
            if successors:
                self._prove(successors, before=living, inbox=inbox, started=started)

    def _prove(
        self, count: int, *, before: frozenset[str], inbox: Inbox, started: float | None = None
    ) -> None:
        """Wait for new instances: for their signals, or else for service and the pause."""
        pause = self._policy.pause_seconds * self._worker.time_scale
        begun = time.monotonic() if started is None else started
        if not self._policy.wait_on_signals:
            self._wait_until_in_service(count, before=before)
            self._worker.sleep(self._policy.pause_seconds)
            return
        self._event(
            f"New instance(s) added to autoscaling group - Waiting on {count} resource signal(s) with a "
            f"timeout of {self._policy.pause_seconds}s."
        )
        remaining = max(0.0, begun + pause - time.monotonic())
        received = inbox.collect(count, timeout=remaining, ignore=self._counted)
        self._counted |= {signal.unique_id for signal in received}
        if len(received) < count and all(signal.status == "SUCCESS" for signal in received):
            self._event(
                f"Failed to receive {count - len(received)} resource signal(s) for the current batch.  "
                "Each resource signal timeout is counted as a FAILURE."
            )
        settle(
            received,
            expected=count,
            min_successful_percent=self._policy.min_successful_percent,
            last_failure=group_state.last_failure(self._group_name),
        )

    def _wait_until_gone(self, instance_ids: Sequence[str]) -> None:
        while group_state.instances(self._group_name) & set(instance_ids):
            group_state.pause(self._worker)

    def _wait_until_in_service(self, count: int, *, before: frozenset[str]) -> None:
        while True:
            states = group_state.living_instances(group_state.describe(self._group_name))
            if sum(state == "InService" for i, state in states.items() if i not in before) >= count:
                return
            group_state.pause(self._worker)

    def _living(self) -> frozenset[str]:
        return frozenset(group_state.living_instances(group_state.describe(self._group_name)))

    def _resize(self, **sizes: int) -> None:
        call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName=self._group_name, **sizes)

    def _suspend(self, already: set[str]) -> list[str]:
        processes = [name for name in self._policy.suspended_processes if name not in already]
        if processes:
            call(
                "autoscaling",
                "suspend_processes",
                AutoScalingGroupName=self._group_name,
                ScalingProcesses=processes,
            )
        return processes

    def _event(self, text: str) -> None:
        self._operation.event(self._logical_id, "UPDATE_IN_PROGRESS", text, physical_id=self._group_name)
