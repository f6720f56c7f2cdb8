"""A cluster in an account with another one: only its own stacks, groups and instances count."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emulator.tests.api.emulator import Emulator, Stack, running_emulator
from kubequorum_cli import events
from kubequorum_cli.errors import Obstacle
from kubequorum_cli.failures import failed_events
from kubequorum_cli.groups import instances_in_service, not_in_service
from kubequorum_cli.report import collect
from kubequorum_cli.resources import Resources
from kubequorum_cli.target import Target
from tests.kubequorum_cli.emulated import group_of_one, target_in


def _template(cluster: str, *, hook: bool = False) -> str:
    return f"Resources:\n{group_of_one(cluster, hook=hook)}"


_BROKEN = """
Resources:
  Ready:
    Type: AWS::CloudFormation::WaitCondition
    CreationPolicy: {ResourceSignal: {Count: 1, Timeout: PT1M}}
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An account with the clusters `mine` and `mine-too`, and a stack that belongs to neither."""
    with running_emulator(tmp_path_factory.mktemp("neighbours")) as started:
        stacks = {
            "mine-Workers": _template("mine"),
            "mine-too-Workers": _template("mine-too", hook=True),
            "mine-too-State": _BROKEN,
            "unrelated": _template("unrelated", hook=True),
        }
        for name, template in stacks.items():
            Stack(started, name).create(template)
        yield started


def _target(emulator: Emulator, cluster: str) -> Target:
    return target_in(emulator, cluster)


def test_the_report_has_the_clusters_own_stacks_and_groups(emulator: Emulator) -> None:
    """Also where the name of another cluster begins with this one's."""
    mine = collect(_target(emulator, "mine"))
    assert [stack.name for stack in mine.stacks] == ["mine-Workers"]
    (group,) = mine.groups
    assert group.name == Stack(emulator, "mine-Workers").physical_id("Group")
    assert len(mine.zones[0].subnets) == 1
    theirs = collect(_target(emulator, "mine-too"))
    assert {stack.name for stack in theirs.stacks} == {"mine-too-State", "mine-too-Workers"}
    assert collect(_target(emulator, "nowhere")).groups == []


def test_a_group_of_another_cluster_is_not_waited_for(emulator: Emulator) -> None:
    """Its instance waits for a hook for ever; it does not count as one of ours either."""
    mine = _target(emulator, "mine")
    assert not_in_service(Resources(mine)) == []
    (instance,) = Resources(mine).instances().values()
    assert instances_in_service(mine) == {instance["InstanceId"]}
    theirs = _target(emulator, "mine-too")
    (line,) = not_in_service(Resources(theirs))
    assert "0 of 1 in service" in line
    assert instances_in_service(theirs) == set()


def test_events_of_another_cluster_are_not_listed(emulator: Emulator) -> None:
    """Its own are: of stacks and of groups, in the order in which they happened."""
    mine = replace(_target(emulator, "mine"), no_kubernetes=Obstacle(why="none", remedy="none"))
    found = events.collect(mine, since=datetime.now(UTC) - timedelta(hours=1))
    assert found.unread == {}
    assert {event.subject.partition("/")[0] for event in found.events if event.source == "stack"} == {
        "mine-Workers"
    }
    (launched,) = [event for event in found.events if event.source == "group"]
    assert launched.subject == Stack(emulator, "mine-Workers").physical_id("Group")
    assert "Launching a new EC2 instance" in launched.text
    assert [event.time for event in found.events] == sorted(event.time for event in found.events)
    assert events.collect(mine, since=datetime.now(UTC) + timedelta(hours=1)).events == []


def test_the_failure_of_another_clusters_stack_is_not_reported(emulator: Emulator) -> None:
    """It is reported for its own cluster, with CloudFormation's reason."""
    assert failed_events(_target(emulator, "mine")) == []
    first, *others = failed_events(_target(emulator, "mine-too"))
    assert first.startswith("mine-too-State is ROLLBACK_")
    assert any("Ready (AWS::CloudFormation::WaitCondition)  CREATE_FAILED" in line for line in others)
