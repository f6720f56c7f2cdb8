"""The engine with a fake clock: lifecycle hooks, heartbeats and their timeouts."""

from dataclasses import replace

import pytest

from emulator.api.wire import ApiError
from emulator.tests.api.autoscaling.fakes import World, launch_hook, terminate_hook
from emulator.times import Times

AS_ON_AWS = Times(termination_waits_for_draining=True)


def test_a_launch_hook_holds_the_instance_until_it_is_completed(world: World) -> None:
    """Pending:Wait, an event with a token, no target before CONTINUE; the token completes it once only."""
    world.create(launch_hook(NotificationMetadata="m"), target_group_arns=("tg",))
    world.run("i-1")
    assert world.states() == {"i-1": "Pending:Wait"}
    [(kind, detail)] = world.aws.events
    assert kind == "EC2 Instance-launch Lifecycle Action"
    assert detail["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    assert (detail["Origin"], detail["Destination"]) == ("EC2", "AutoScalingGroup")
    assert (detail["LifecycleHookName"], detail["NotificationMetadata"]) == ("launch", "m")
    assert world.aws.targets == {}
    token = detail["LifecycleActionToken"]
    member = world.member("i-1")
    lifecycle = world.engine.capacity.lifecycle
    with pytest.raises(ApiError, match="No active Lifecycle Action"):
        lifecycle.complete(member, hook_name="launch", token="other", result="CONTINUE")
    lifecycle.complete(member, hook_name="launch", token=token, result="CONTINUE")
    assert world.states() == {"i-1": "Pending:Proceed"}
    world.clock.advance()
    assert world.states() == {"i-1": "InService"}
    assert world.aws.targets == {"tg": {"i-1"}}
    with pytest.raises(ApiError, match="No active Lifecycle Action"):
        lifecycle.complete(member, hook_name="launch", token=token, result="CONTINUE")


def test_an_abandoned_launch_is_cancelled_and_retried(world: World) -> None:
    """The activity carries AWS's reason; the next launch waits ten seconds, the one after twenty."""
    group = world.create(launch_hook())
    world.run("i-1")
    token = world.aws.events[0][1]["LifecycleActionToken"]
    world.complete("i-1", "launch", "ABANDON")
    assert world.aws.terminated == ["i-1"]
    launch = group.activities[-1]
    assert launch.status == "Cancelled"
    assert launch.status_message == (
        "Instance failed to complete user's Lifecycle Action: "
        f"Lifecycle Action with token {token} was abandoned: Lifecycle Action Completed with ABANDON Result"
    )
    world.end("i-1")
    assert world.states() == {}
    world.clock.advance(9)
    assert world.states() == {}
    world.clock.advance(1)
    assert world.states() == {"i-2": "Pending"}
    world.run("i-2")
    world.complete("i-2", "launch", "ABANDON")
    world.clock.advance(19)
    assert "i-3" not in world.states()
    world.clock.advance(1)
    assert "i-3" in world.states()


def test_a_heartbeat_timeout_gives_the_default_result(world: World) -> None:
    """ABANDON ends the launch and says so; with CONTINUE the instance enters service."""
    group = world.create(launch_hook(HeartbeatTimeout=60), launch_hook(HeartbeatTimeout=60))
    world.run("i-1")
    world.clock.advance(59)
    assert world.states() == {"i-1": "Pending:Wait"}
    world.clock.advance(1)
    assert world.states()["i-1"] == "Terminating:Proceed"
    assert (group.activities[-1].status_message or "").endswith("was abandoned: Heartbeat Timeout")

    other = World()
    other.create(launch_hook(HeartbeatTimeout=60, DefaultResult="CONTINUE"))
    other.run("i-1")
    other.clock.advance(60)
    assert other.states() == {"i-1": "InService"}


def test_heartbeats_extend_a_wait_up_to_a_limit(world: World) -> None:
    """Each restarts the timeout; after 100 timeouts' worth the default result comes anyway."""
    world.create(launch_hook(HeartbeatTimeout=30))
    world.run("i-1")
    member, lifecycle = world.member("i-1"), world.engine.capacity.lifecycle
    for _ in range(149):
        world.clock.advance(20)
        assert world.states() == {"i-1": "Pending:Wait"}
        lifecycle.record_heartbeat(member, hook_name="launch", token=None)
    world.clock.advance(20)
    assert world.states()["i-1"] == "Terminating:Proceed"


@pytest.mark.parametrize("result", ["CONTINUE", "ABANDON"])
def test_a_terminate_hook_holds_the_instance_whatever_its_result(world: World, result: str) -> None:
    """Out of the load balancer first, then Terminating:Wait with its event; both results end the instance."""
    world.create(terminate_hook(), target_group_arns=("tg",))
    world.run("i-1")
    world.engine.terminate("i-1", why="a user request")
    assert world.states() == {"i-1": "Terminating:Wait", "i-2": "Pending"}
    assert world.aws.targets == {"tg": set()}
    kind, detail = world.aws.events[-1]
    assert kind == "EC2 Instance-terminate Lifecycle Action"
    assert (detail["Origin"], detail["Destination"]) == ("AutoScalingGroup", "EC2")
    assert world.aws.terminated == []
    world.complete("i-1", "terminate", result)
    assert world.states()["i-1"] == "Terminating:Proceed"
    assert world.aws.terminated == ["i-1"]
    world.end("i-1")
    assert world.states() == {"i-2": "Pending"}


def test_abandon_skips_the_other_hooks_and_continue_does_not(world: World) -> None:
    """With two hooks the instance waits for both results, unless one is ABANDON."""
    second = replace(launch_hook(), name="second")
    world.create(launch_hook(), second, size=2)
    world.run("i-1", "i-2")
    world.complete("i-1", "launch")
    assert world.states()["i-1"] == "Pending:Wait"
    world.complete("i-1", "second")
    assert world.states()["i-1"] == "InService"
    world.complete("i-2", "second", "ABANDON")
    assert world.states()["i-2"] == "Terminating:Proceed"


def test_an_instance_drains_before_its_terminate_hook_begins() -> None:
    """In `Terminating` there is no action: a completion is refused, and the hook still comes afterwards."""
    world = World(AS_ON_AWS)
    group = world.create(terminate_hook(), target_group_arns=("tg",))
    world.run("i-1")
    world.engine.terminate("i-1", why="a user request")
    assert world.states() == {"i-1": "Terminating", "i-2": "Pending"}
    terminating = next(each for each in group.activities if each.description.startswith("Terminating"))
    assert terminating.status == "WaitingForELBConnectionDraining"
    with pytest.raises(ApiError, match="No active Lifecycle Action"):
        world.complete("i-1", "terminate")
    world.clock.advance(119)
    assert world.states()["i-1"] == "Terminating"
    world.clock.advance(1)
    assert world.states()["i-1"] == "Terminating:Wait"
    assert terminating.status == "MidLifecycleAction"
    world.complete("i-1", "terminate")
    assert world.aws.terminated == ["i-1"]


def test_what_is_no_target_does_not_drain() -> None:
    """A worker has no target group, and an instance that was never in service is in none yet."""
    world = World(AS_ON_AWS)
    world.create(terminate_hook())
    world.run("i-1")
    world.engine.terminate("i-1", why="a user request")
    assert world.states()["i-1"] == "Terminating:Wait"
    other = World(AS_ON_AWS)
    other.create(launch_hook(), terminate_hook(), target_group_arns=("tg",))
    other.run("i-1")
    other.engine.terminate("i-1", why="a user request")
    assert other.states()["i-1"] == "Terminating:Wait"


def test_a_forced_deletion_does_not_wait_for_draining() -> None:
    """Nor does the timer of an instance that is gone do anything later."""
    world = World(AS_ON_AWS)
    world.create(terminate_hook(), target_group_arns=("tg",))
    world.run("i-1")
    world.engine.delete_group("web", force=True)
    assert world.aws.terminated == ["i-1"]
    world.clock.advance(500)
    assert world.states() == {"i-1": "Terminating:Proceed"}
    world.end("i-1")
    assert world.engine.groups == {}
