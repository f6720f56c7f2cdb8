"""A completion that AWS takes and loses is told again, for as long as the group waits."""

from typing import Any

import pytest

from kubequorum_node.aws.hooks import Hooks
from kubequorum_node.config import LAUNCH_HOOK, TERMINATE_HOOK
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

INSTANCE = examples.IDENTITY.instance_id
WAITING = {LAUNCH_HOOK: "Pending:Wait", TERMINATE_HOOK: "Terminating:Wait"}


@pytest.fixture
def hooks(node: FakeNode) -> Hooks:
    """Of a machine whose group waits for nothing yet."""
    return Hooks(aws=node.aws, metadata=node.metadata, clock=node.clock)


def _lose(node: FakeNode, monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Say yes to completions, and forget the first so many; the hooks that were completed."""
    asked: list[str] = []

    def complete(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters["LifecycleHookName"])
        if len(asked) > times:
            node.aws.lifecycle[INSTANCE] = "InService"
        return {}

    monkeypatch.setattr(node.aws, "complete_lifecycle_action", complete)
    return asked


@pytest.mark.parametrize("hook", [LAUNCH_HOOK, TERMINATE_HOOK])
def test_a_lost_completion_is_told_again(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, hook: str
) -> None:
    """Until the group has heard of it."""
    node.aws.lifecycle[INSTANCE] = WAITING[hook]
    asked = _lose(node, monkeypatch, times=2)
    hooks.complete(hook, "CONTINUE")
    hooks.insist(hook)
    assert asked == [hook] * 3
    assert node.clock.now() - 1000 < 30


def test_a_group_that_has_heard_is_left_alone(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and with nothing told twice."""
    node.aws.lifecycle[INSTANCE] = WAITING[LAUNCH_HOOK]
    asked = _lose(node, monkeypatch, times=0)
    hooks.complete(LAUNCH_HOOK, "CONTINUE")
    hooks.insist(LAUNCH_HOOK)
    assert asked == [LAUNCH_HOOK]
    assert node.clock.now() == 1000


def test_a_group_that_is_slow_gets_a_moment(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A completion takes effect in its own time: the first look finds it on its way."""
    node.aws.lifecycle[INSTANCE] = WAITING[LAUNCH_HOOK]
    asked = _lose(node, monkeypatch, times=9)
    node.clock.on_sleep.append(lambda: node.aws.lifecycle.update({INSTANCE: "InService"}))
    hooks.insist(LAUNCH_HOOK)
    assert asked == []


def test_a_group_that_never_hears_is_given_up(
    node: FakeNode, hooks: Hooks, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The hook's time-out will end it: a boot does not fail for that."""
    node.aws.lifecycle[INSTANCE] = WAITING[TERMINATE_HOOK]
    asked = _lose(node, monkeypatch, times=1000)
    hooks.insist(TERMINATE_HOOK)
    assert len(asked) == 11
    assert "until that times out" in capsys.readouterr().err


def test_a_machine_in_no_group_waits_for_none(node: FakeNode, hooks: Hooks) -> None:
    """One that somebody launched by hand."""
    node.aws.lifecycle.pop(INSTANCE, None)
    hooks.insist(TERMINATE_HOOK)
    assert node.clock.now() == 1000
