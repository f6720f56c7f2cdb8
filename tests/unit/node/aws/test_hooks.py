"""If AWS accepts a completion but drops it, it is retried for as long as the group waits."""

from typing import Any

import pytest

from kubequorum_node.aws.hooks import DRAINING_SECONDS, Hooks
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

INSTANCE = examples.IDENTITY.instance_id
WAITING = {LAUNCH_HOOK: "Pending:Wait", TERMINATE_HOOK: "Terminating:Wait"}


@pytest.fixture
def hooks(node: FakeNode) -> Hooks:
    """Of an instance whose group waits for nothing yet."""
    return Hooks(aws=node.aws, metadata=node.metadata, clock=node.clock)


def _lose(node: FakeNode, monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Accept completions and drop the first `times`; returns the hooks of all requests."""
    asked: list[str] = []

    def complete(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["LifecycleHookName"])
        if len(asked) > times:
            node.aws.lifecycle[INSTANCE] = "InService"
        return {}

    monkeypatch.setattr(node.aws, "complete_lifecycle_action", complete)
    return asked


@pytest.mark.parametrize("hook", [LAUNCH_HOOK, TERMINATE_HOOK])
def test_a_lost_completion_is_retried(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    """Until the group has taken note of it."""
    node.aws.lifecycle[INSTANCE] = WAITING[hook]
    asked = _lose(node, monkeypatch, times=2)
    hooks.complete(hook, "CONTINUE")
    hooks.retry_completion(hook)
    assert asked == [hook] * 3
    assert node.clock.now() - 1000 < 30


def test_a_recorded_completion_is_not_retried(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It returns at once, without another request."""
    node.aws.lifecycle[INSTANCE] = WAITING[LAUNCH_HOOK]
    asked = _lose(node, monkeypatch, times=0)
    hooks.complete(LAUNCH_HOOK, "CONTINUE")
    hooks.retry_completion(LAUNCH_HOOK)
    assert asked == [LAUNCH_HOOK]
    assert node.clock.now() == 1000


def test_the_first_retry_waits_a_moment(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A completion takes effect in its own time: the first look finds it on its way."""
    node.aws.lifecycle[INSTANCE] = WAITING[LAUNCH_HOOK]
    asked = _lose(node, monkeypatch, times=9)
    node.clock.on_sleep.append(lambda: node.aws.lifecycle.update({INSTANCE: "InService"}))
    hooks.retry_completion(LAUNCH_HOOK)
    assert asked == []


def test_retries_of_a_completion_end(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hook's time-out will end it: a boot does not fail for that."""
    node.aws.lifecycle[INSTANCE] = WAITING[TERMINATE_HOOK]
    asked = _lose(node, monkeypatch, times=1000)
    hooks.retry_completion(TERMINATE_HOOK)
    assert 9 <= len(asked) <= 16
    assert "until that times out" in capsys.readouterr().err


def test_a_completion_that_came_too_early_is_repeated(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instance is done while its load balancer still drains: AWS refuses, and opens the hook later."""
    node.aws.lifecycle[INSTANCE] = "Terminating"
    node.aws.fail("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
    assert not hooks.complete(TERMINATE_HOOK, "CONTINUE")

    def drained() -> None:
        if node.clock.now() > 1150 and node.aws.lifecycle[INSTANCE] == "Terminating":
            node.aws.lifecycle[INSTANCE] = "Terminating:Wait"

    node.clock.on_sleep.append(drained)
    hooks.retry_completion(TERMINATE_HOOK)
    assert [done["LifecycleHookName"] for done in node.aws.completed] == [TERMINATE_HOOK]
    assert node.aws.lifecycle[INSTANCE] == "Terminating:Proceed"
    assert node.clock.now() < 1180


def test_draining_is_not_waited_for_without_end(
    node: FakeNode, hooks: Hooks, capsys: pytest.CaptureFixture[str]
) -> None:
    """The unit ends; the hook's time-out does the rest."""
    node.aws.lifecycle[INSTANCE] = "Terminating"
    hooks.retry_completion(TERMINATE_HOOK)
    assert node.clock.now() < 1000 + DRAINING_SECONDS + 30
    assert "does not yet" in capsys.readouterr().err


def test_an_instance_in_no_group_does_not_wait(node: FakeNode, hooks: Hooks) -> None:
    """One that a person launched."""
    node.aws.lifecycle.pop(INSTANCE, None)
    hooks.retry_completion(TERMINATE_HOOK)
    assert node.clock.now() == 1000


def test_terminate_hooks_of_terminated_peers_are_completed(node: FakeNode, hooks: Hooks) -> None:
    """It cannot do it itself; one that still runs, or does not end, is left alone."""
    states = {"i-terminated": "terminated", "i-running": "running", "i-healthy": "terminated"}
    for name, state in states.items():
        node.aws.instances[name] = {"InstanceId": name, "State": {"Name": state}}
    node.aws.lifecycle |= {
        INSTANCE: "InService",
        "i-terminated": "Terminating:Wait",
        "i-unknown": "Terminating:Wait",
        "i-running": "Terminating:Wait",
        "i-healthy": "InService",
    }
    hooks.complete_for_terminated_peers()
    completed = [(done["InstanceId"], done["LifecycleHookName"]) for done in node.aws.completed]
    assert completed == [("i-terminated", TERMINATE_HOOK), ("i-unknown", TERMINATE_HOOK)]


def test_a_hook_that_another_host_completed_is_not_an_error(node: FakeNode, hooks: Hooks) -> None:
    """Or that has timed out just now."""
    node.aws.lifecycle |= {INSTANCE: "InService", "i-unknown": "Terminating:Wait"}
    node.aws.fail("complete_lifecycle_action", "ValidationError", "No active Lifecycle Action found")
    hooks.complete_for_terminated_peers()
    assert node.aws.completed == []
