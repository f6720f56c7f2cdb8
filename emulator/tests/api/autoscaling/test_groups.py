"""What other services can see of groups."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from emulator.api.autoscaling import groups, service
from emulator.api.autoscaling.model import GroupTag
from emulator.tests.api.autoscaling.fakes import World, terminate_hook
from emulator.tests.api.autoscaling.test_placement import MIXED


@pytest.fixture
def world() -> Iterator[World]:
    """An engine that is the current one."""
    world, before = World(), list(service._installed)
    service.use(world.engine)
    yield world
    service._installed[:] = before


def test_a_new_template_version_makes_instances_outdated(world: World) -> None:
    """Until they are replaced; going back to the old version makes the new ones outdated instead."""
    world.create(size=2)
    world.run("i-1", "i-2")
    assert groups.outdated_instances("web") == []
    world.aws.latest_version = 2
    assert groups.outdated_instances("web") == ["i-1", "i-2"]
    world.engine.terminate("i-1", why="a user request")
    assert groups.outdated_instances("web") == ["i-2"]
    settings = world.engine.group("web").settings
    old = replace(settings, launch_template={"LaunchTemplateName": "web", "Version": "1"})
    world.engine.change_group("web", old)
    assert groups.outdated_instances("web") == ["i-3"]


def test_a_change_of_policy_or_subnets_makes_instances_outdated(world: World) -> None:
    """A mixed instances policy that differs in its types, and a subnet that the group no longer has."""
    world.create(launch_template=None, mixed_instances_policy=MIXED, subnet_ids=("a1", "b1"))
    world.run("i-1")
    settings = world.engine.group("web").settings
    other = {
        **MIXED,
        "LaunchTemplate": {**MIXED["LaunchTemplate"], "Overrides": [{"InstanceType": "c7i.large"}]},
    }
    world.engine.change_group("web", replace(settings, mixed_instances_policy=other))
    assert groups.outdated_instances("web") == ["i-1"]
    world.engine.change_group("web", replace(settings, subnet_ids=("b1",)))
    assert groups.outdated_instances("web") == ["i-1"]
    world.engine.change_group("web", settings)
    assert groups.outdated_instances("web") == []


def test_names_tags_and_target_states_of_an_instance_s_group(world: World) -> None:
    """For IAM and for the metadata service; what is in no group has none of them."""
    group = world.create(terminate_hook())
    group.tags["slot"] = GroupTag(key="slot", value="a", propagate_at_launch=False)
    assert groups.group_of_instance("i-1") == "web"
    assert (groups.group_arn("web"), groups.group_tags("web")) == ("arn:web", {"slot": "a"})
    assert groups.target_lifecycle_state("i-1") == "InService"
    world.run("i-1")
    world.engine.terminate("i-1", why="a user request")
    assert groups.target_lifecycle_state("i-1") == "Terminated"
    assert groups.group_of_instance("i-9") is None
    assert groups.target_lifecycle_state("i-9") is None
    assert (groups.group_arn("no"), groups.group_tags("no")) == (None, {})
