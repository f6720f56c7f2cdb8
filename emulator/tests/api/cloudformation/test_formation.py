"""A first formation: servers that need each other, in groups that are created one after the other."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.api.cloudformation.conftest import Template
from emulator.tests.api.emulator import Emulator, Stack, running_emulator

MAJORITY = 2


class Servers:
    """Acts for all instances of a stack: each starts, and works once a majority of them has started."""

    def __init__(self, emulator: Emulator, stack: Stack, *, wait_for_proof: bool) -> None:
        self._autoscaling = emulator.client("autoscaling")
        self._stack = stack
        self._wait_for_proof = wait_for_proof
        self._started: set[str] = set()
        self._signalled: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="servers")

    def __enter__(self) -> "Servers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            for group in self._autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
                tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
                if tags.get("aws:cloudformation:stack-name") == self._stack.name:
                    for instance in group["Instances"]:
                        self._act(group["AutoScalingGroupName"], instance)

    def _act(self, group: str, instance: dict[str, Any]) -> None:
        instance_id, state = instance["InstanceId"], instance["LifecycleState"]
        if not state.startswith("Terminat"):
            self._started.add(instance_id)
        proved = len(self._started) >= MAJORITY
        try:
            if state == "Pending:Wait" and (proved or not self._wait_for_proof):
                self._complete(group, instance_id, "launch")
            elif state == "Terminating:Wait":
                self._started.discard(instance_id)
                self._complete(group, instance_id, "terminate")
            elif state == "InService" and proved and instance_id not in self._signalled:
                self._stack.signal("Ready", instance_id)
                self._signalled.add(instance_id)
        except ClientError:
            # Over already, or not waiting yet: look again.
            return

    def _complete(self, group: str, instance_id: str, hook: str) -> None:
        self._autoscaling.complete_lifecycle_action(
            AutoScalingGroupName=group,
            LifecycleHookName=hook,
            InstanceId=instance_id,
            LifecycleActionResult="CONTINUE",
        )


@pytest.fixture(scope="module", params=["in-service", "launched"])
def mode(request: pytest.FixtureRequest) -> str:
    """When a new group is complete: it is not documented which of the two AWS does."""
    return str(request.param)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, mode: str) -> Iterator[Emulator]:
    """An emulator of that mode."""
    with running_emulator(tmp_path_factory.mktemp("formation"), new_groups=mode) as started:
        yield started


def test_servers_that_complete_early_form_a_cluster(
    emulator: Emulator, stack: Stack, template: Template
) -> None:
    """A hook that is completed before a majority has started: the stack is complete in either mode."""
    with Servers(emulator, stack, wait_for_proof=False):
        stack.create(template("formation"))
        assert stack.status == "CREATE_COMPLETE", stack.events()
        ready = [reason for _, reason in stack.events("Ready") if "SUCCESS" in reason]
        assert len(ready) == 3
        stack.delete()


def test_servers_that_wait_for_proof_may_wait_for_each_other(
    emulator: Emulator, stack: Stack, template: Template, mode: str
) -> None:
    """What the early completion is for: with proof first, the second group would never be created."""
    with Servers(emulator, stack, wait_for_proof=True):
        stack.create(template("formation"))
        if mode == "launched":
            assert stack.status == "CREATE_COMPLETE", stack.events()
        else:
            assert stack.status == "ROLLBACK_COMPLETE"
            failed = [reason for status, reason in stack.events("GroupA") if status == "CREATE_FAILED"]
            assert "Group did not stabilize" in failed[0]
            assert "abandoned" in failed[0]
            assert "CREATE_IN_PROGRESS" not in dict(stack.events("GroupB"))
        stack.delete()


def test_a_group_waits_for_its_hook_or_not(
    emulator: Emulator, stack: Stack, template: Template, mode: str
) -> None:
    """Without anything that completes the hook: complete at once, or never."""
    stack.create(template("formation"), Timeout="PT1S")
    statuses = dict(stack.events("GroupA"))
    assert ("CREATE_COMPLETE" in statuses) == (mode == "launched")
    assert stack.status == "ROLLBACK_COMPLETE"
