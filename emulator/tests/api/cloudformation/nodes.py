"""Instances that behave like machines: they pass their hooks and signal, as the test says."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import ClientError

from emulator.tests.api.emulator import Emulator, Stack

Decide = Callable[[int], str]
"""The status that the n-th launched instance signals: SUCCESS, FAILURE, or "" for none."""


class Nodes:
    """Watches one group and acts for its instances, until it is left."""

    def __init__(self, emulator: Emulator, stack: Stack, *, logical_id: str, decide: Decide) -> None:
        self._autoscaling = emulator.client("autoscaling")
        self._stack = stack
        self._logical_id = logical_id
        self._decide = decide
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="nodes")
        self.launched: list[str] = []
        self.terminated: list[str] = []
        self.most_at_once = 0
        """The largest number of instances that were not terminating."""
        self.fewest_in_service: int | None = None
        """The smallest number of instances in service since the first was."""
        self.suspended: set[str] = set()
        """Every process that was seen suspended."""

    def restart_count(self) -> None:
        """Reset how many instances were seen at once."""
        self.most_at_once, self.fewest_in_service = 0, None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            # An action may be over, or a stack may not wait, by the time that we come to it.
            try:
                self._look()
            except ClientError:
                continue

    def _look(self) -> None:
        for group in self._autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
            if tags.get("aws:cloudformation:stack-name") == self._stack.name:
                self._act(group)

    def _act(self, group: dict[str, Any]) -> None:
        self.suspended |= {process["ProcessName"] for process in group["SuspendedProcesses"]}
        states = {item["InstanceId"]: item["LifecycleState"] for item in group["Instances"]}
        living = [state for state in states.values() if not state.startswith("Terminat")]
        self.most_at_once = max(self.most_at_once, len(living))
        in_service = living.count("InService")
        if self.fewest_in_service is not None or in_service:
            known = in_service if self.fewest_in_service is None else self.fewest_in_service
            self.fewest_in_service = min(known, in_service)
        for instance_id, state in states.items():
            if state == "Pending:Wait" and instance_id not in self.launched:
                self.launched.append(instance_id)
                self._complete(group, instance_id, "launch")
                status = self._decide(len(self.launched))
                if status:
                    self._stack.signal(self._logical_id, instance_id, status)
            if state == "Terminating:Wait" and instance_id not in self.terminated:
                self.terminated.append(instance_id)
                self._complete(group, instance_id, "terminate")

    def _complete(self, group: dict[str, Any], instance_id: str, hook: str) -> None:
        self._autoscaling.complete_lifecycle_action(
            AutoScalingGroupName=group["AutoScalingGroupName"],
            LifecycleHookName=hook,
            InstanceId=instance_id,
            LifecycleActionResult="CONTINUE",
        )
