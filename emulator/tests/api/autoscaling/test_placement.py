"""Where instances go, what they are, and which is terminated."""

from typing import Any

import pytest

from emulator.tests.api.autoscaling.fakes import World

MIXED: dict[str, Any] = {
    "LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateName": "web", "Version": "$Latest"},
        "Overrides": [{"InstanceType": "m7i.large"}, {"InstanceType": "m7a.large"}],
    },
    "InstancesDistribution": {"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0},
}


def test_zones_stay_balanced_and_a_gap_is_filled_where_it_is() -> None:
    """Six instances over three zones are two in each; the replacement goes to the zone of the lost one."""
    world = World()
    world.create(size=6, subnet_ids=("a1", "b1", "c1"))
    assert sorted(plan.subnet.availability_zone for plan in world.aws.launches) == list("aabbcc")
    world.run(*world.states())
    victim = next(name for name in world.states() if world.member(name).subnet.availability_zone == "b")
    world.engine.terminate(victim, why="a user request")
    assert world.aws.launches[-1].subnet.availability_zone == "b"


def test_zones_count_before_subnets() -> None:
    """Two subnets of zone a and one of b: the second instance goes to b, the third to a's other subnet."""
    world = World()
    world.create(size=4, subnet_ids=("a1", "a2", "b1"))
    assert [plan.subnet.subnet_id for plan in world.aws.launches] == ["a1", "b1", "a2", "b1"]


@pytest.mark.parametrize(
    ("base", "percentage", "size", "spot"),
    [(0, 100, 4, 0), (1, 0, 4, 3), (0, 50, 3, 1), (2, 50, 4, 1), (0, 0, 2, 2)],
)
def test_the_spot_share_is_kept_and_rounded_in_favour_of_on_demand(
    base: int, percentage: int, size: int, spot: int
) -> None:
    """Base capacity is on-demand; above it the percentage decides."""
    world = World()
    distribution = {"OnDemandBaseCapacity": base, "OnDemandPercentageAboveBaseCapacity": percentage}
    world.create(
        size=size,
        launch_template=None,
        mixed_instances_policy={**MIXED, "InstancesDistribution": distribution},
    )
    assert sum(plan.spot for plan in world.aws.launches) == spot


def test_on_demand_takes_the_first_type_and_spot_spreads() -> None:
    """With a base of one and spot above it: the first type, then both in turn."""
    world = World()
    world.create(size=3, launch_template=None, mixed_instances_policy=MIXED)
    types = [(plan.spot, plan.instance_type) for plan in world.aws.launches]
    assert types == [(False, "m7i.large"), (True, "m7i.large"), (True, "m7a.large")]


def test_scaling_in_takes_the_fullest_zone_then_the_oldest_template() -> None:
    """The Default policy; a protected instance stays."""
    world = World()
    world.create(size=2, subnet_ids=("a1", "b1"))
    world.run("i-1", "i-2")
    world.aws.latest_version = 2
    world.engine.set_desired_capacity("web", 3)
    world.run("i-3")
    assert world.member("i-3").subnet.availability_zone == "a"
    world.engine.set_desired_capacity("web", 2)
    assert world.states()["i-1"] == "Terminating:Proceed"
    world.member("i-2").protected = True
    world.engine.set_desired_capacity("web", 1)
    assert world.states()["i-2"] == "InService"
    assert world.states()["i-3"] == "Terminating:Proceed"
