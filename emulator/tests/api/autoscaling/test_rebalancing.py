"""Capacity rebalancing: a successor first, then the instance at risk."""

from emulator.api.autoscaling import rebalancing
from emulator.tests.api.autoscaling.fakes import World, terminate_hook


def _recommend(world: World, instance_id: str) -> None:
    group, member = world.engine.member(instance_id)
    rebalancing.recommended(world.engine.capacity, group, member)


def test_a_member_at_risk_goes_when_its_successor_is_in_service(world: World) -> None:
    """Through its terminate hook; the group has its desired capacity all the time."""
    group = world.create(terminate_hook(), size=2, capacity_rebalance=True)
    world.run("i-1", "i-2")
    _recommend(world, "i-1")
    assert world.states() == {"i-1": "InService", "i-2": "InService", "i-3": "Pending"}
    assert "rebalance recommendation" in group.activities[0].cause
    world.run("i-3")
    assert world.states() == {"i-1": "Terminating:Wait", "i-2": "InService", "i-3": "InService"}
    world.complete("i-1", "terminate")
    world.end("i-1")
    assert world.states() == {"i-2": "InService", "i-3": "InService"}


def test_several_at_risk_go_one_by_one(world: World) -> None:
    """As their successors come."""
    world.create(size=2, capacity_rebalance=True)
    world.run("i-1", "i-2")
    _recommend(world, "i-1")
    _recommend(world, "i-2")
    assert len(world.states()) == 4
    world.run("i-3")
    assert world.states()["i-2"] == "InService"
    world.run("i-4")
    world.end("i-1", "i-2")
    assert set(world.states()) == {"i-3", "i-4"}


def test_one_that_is_interrupted_meanwhile_has_its_successor_already(world: World) -> None:
    """No second one is launched."""
    world.create(capacity_rebalance=True)
    world.run("i-1")
    _recommend(world, "i-1")
    world.end("i-1")
    world.run("i-2")
    assert world.states() == {"i-2": "InService"}


def test_a_group_without_rebalancing_does_nothing(world: World) -> None:
    """It replaces an instance that has ended."""
    world.create()
    world.run("i-1")
    _recommend(world, "i-1")
    assert world.states() == {"i-1": "InService"}
