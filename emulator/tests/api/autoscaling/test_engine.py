"""The engine with a fake clock: capacity, health, replacement and activities."""

from dataclasses import replace
from typing import Any

import pytest

from emulator.api.wire import ApiError
from emulator.tests.api.autoscaling.fakes import World, terminate_hook


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
