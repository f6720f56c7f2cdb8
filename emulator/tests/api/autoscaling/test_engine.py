"""The engine alone, on a clock that the test moves: states, hooks, replacement, activities."""

from dataclasses import replace
from typing import Any

import pytest

from emulator.api.wire import ApiError
from emulator.tests.api.autoscaling.fakes import World, launch_hook, terminate_hook


@pytest.fixture
def world() -> World:
    """An engine without groups."""
    return World()


def test_an_instance_without_hooks_goes_straight_into_service(world: World) -> None:
    """Pending until EC2 says that it runs, then InService, registered, with a successful activity."""
    group = world.create(target_group_arns=("tg",))
    assert world.states() == {"i-1": "Pending"}
    assert world.aws.targets == {}
    world.run("i-1")
    assert world.states() == {"i-1": "InService"}
    assert world.aws.targets == {"tg": {"i-1"}}
    [activity] = group.activities
    assert (activity.status, activity.description) == ("Successful", "Launching a new EC2 instance: i-1")
    assert "changing the desired capacity from 0 to 1" in activity.cause
    assert [kind for kind, _ in world.aws.events] == ["EC2 Instance Launch Successful"]


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


def test_a_successor_does_not_wait_for_the_instance_it_replaces(world: World) -> None:
    """While the old one waits in its terminate hook, the new one is launched already."""
    world.create(terminate_hook())
    world.run("i-1")
    world.end("i-1")
    assert world.states() == {"i-1": "Terminating:Wait", "i-2": "Pending"}
    world.complete("i-1", "terminate")
    assert world.aws.terminated == []
    assert world.states() == {"i-2": "Pending"}


def test_an_instance_that_dies_while_pending_is_a_failed_launch(world: World) -> None:
    """The activity names EC2's reason; one that never ran passes no terminate hook."""
    group = world.create(terminate_hook())
    world.end("i-1", reason="Server.InternalError: no room")
    assert group.activities[-1].status == "Cancelled"
    assert group.activities[-1].status_message == (
        "Instance became unhealthy while waiting for instance to be in InService state. "
        "Termination Reason: Server.InternalError: no room"
    )
    assert world.states() == {}
    assert world.aws.events[0][0] == "EC2 Instance Launch Unsuccessful"
    world.clock.advance(10)
    assert world.states() == {"i-2": "Pending"}


def test_a_refused_launch_is_a_failed_activity_and_is_retried(world: World) -> None:
    """EC2's words stand in the activity; when EC2 accepts again the group fills by itself."""
    world.aws.refuse = "The image id '[ami-1]' does not exist"
    group = world.create()
    [activity] = group.activities
    assert (activity.status, activity.status_message) == (
        "Failed",
        "The image id '[ami-1]' does not exist. Launching EC2 instance failed.",
    )
    world.aws.refuse = None
    world.clock.advance(10)
    assert world.states() == {"i-1": "Pending"}


def test_unhealthy_instances_are_replaced_after_the_grace_period_only(world: World) -> None:
    """A check that respects the grace period does nothing while it lasts; one that does not, acts at once."""
    world.create(health_check_grace_seconds=300)
    world.run("i-1")
    group, member = world.engine.member("i-1")
    world.engine.health.check_failed(group, member, why="a user health-check", respect_grace=True)
    assert member.health == "Healthy"
    world.clock.advance(300)
    world.engine.health.check_failed(group, member, why="a user health-check", respect_grace=True)
    assert world.states() == {"i-1": "Terminating:Proceed", "i-2": "Pending"}
    assert "taken out of service in response to a user health-check" in group.activities[1].cause
    assert "unhealthy instance needing to be replaced" in group.activities[0].cause
    world.run("i-2")
    world.engine.health.check_failed(*world.engine.member("i-2"), why="x", respect_grace=False)
    assert world.states()["i-2"] == "Terminating:Proceed"


def test_target_health_counts_only_for_elb_groups_and_after_the_grace_period(world: World) -> None:
    """An EC2 group ignores its load balancer; an ELB group acts when the grace period ends."""
    world.create(health_check_type="EC2")
    world.run("i-1")
    world.engine.health.target_health_changed(*world.engine.member("i-1"), healthy=False)
    assert world.states() == {"i-1": "InService"}

    other = World()
    other.create(health_check_type="ELB", health_check_grace_seconds=60)
    other.run("i-1")
    other.engine.health.target_health_changed(*other.engine.member("i-1"), healthy=False)
    assert other.states() == {"i-1": "InService"}
    other.clock.advance(60)
    assert other.states() == {"i-1": "Terminating:Proceed", "i-2": "Pending"}


def test_suspended_processes_stop_and_catch_up(world: World) -> None:
    """Launch and HealthCheck do nothing while suspended; on resuming the dead instance is replaced."""
    world.create()
    world.run("i-1")
    world.engine.suspend("web", ["Launch", "HealthCheck"], reason="User suspended")
    world.end("i-1")
    world.engine.set_desired_capacity("web", 2)
    assert world.states() == {"i-1": "InService"}
    world.engine.resume("web", ["Launch", "HealthCheck"])
    assert world.states() == {"i-2": "Pending", "i-3": "Pending"}


def test_a_group_is_deleted_only_when_its_instances_are_gone(world: World) -> None:
    """Through the hooks unless forced, and nothing is launched meanwhile."""
    world.create(terminate_hook())
    world.run("i-1")
    world.engine.delete_group("web", force=False)
    assert world.states() == {"i-1": "Terminating:Wait"}
    world.complete("i-1", "terminate")
    world.end("i-1")
    assert "web" not in world.engine.groups

    world.create(terminate_hook())
    world.run("i-2")
    world.engine.delete_group("web", force=True)
    assert world.states() == {"i-2": "Terminating:Proceed"}
    world.end("i-2")
    assert "web" not in world.engine.groups


def test_decrementing_termination_lowers_the_desired_capacity(world: World) -> None:
    """No successor, and never below the minimum."""
    world.create(size=2, min_size=1)
    world.run("i-1", "i-2")
    world.engine.terminate("i-1", why="a user request", decrement=True)
    assert world.states() == {"i-1": "Terminating:Proceed", "i-2": "InService"}
    with pytest.raises(ApiError, match="min size constraint"):
        world.engine.terminate("i-2", why="a user request", decrement=True)


@pytest.mark.parametrize("settings", [{"size": 11}, {"size": 1, "min_size": 2}])
def test_capacity_outside_the_limits_is_refused(world: World, settings: dict[str, Any]) -> None:
    """A desired capacity must lie between minimum and maximum."""
    with pytest.raises(ApiError, match="must be between"):
        world.create(**settings)
    assert world.engine.groups == {}


def test_targets_follow_a_change_of_target_groups(world: World) -> None:
    """An instance in service moves from the old target group to the new one."""
    world.create(target_group_arns=("old", "both"))
    world.run("i-1")
    group = world.engine.group("web")
    world.engine.change_group("web", replace(group.settings, target_group_arns=("both", "new")))
    assert world.aws.targets == {"old": set(), "both": {"i-1"}, "new": {"i-1"}}
