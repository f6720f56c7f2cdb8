"""Which machines are replaced, and in which order, by what CloudFormation says."""

from typing import Any

import pytest

from kubequorum_cli.plan import figures
from kubequorum_cli.plan.machines import GroupStep, steps_of
from kubequorum_node.termination import drain
from tests.kubequorum_cli.plan.recorded import (
    GROUP,
    TEMPLATE,
    changes,
    follows,
    group,
    launch_template,
    masters,
    modified,
    rolled,
    target,
)

_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def _labels(waves: list[list[GroupStep]]) -> list[list[tuple[str, str]]]:
    return [[(step.label, step.action) for step in wave] for wave in waves]


def test_masters_go_one_after_the_other() -> None:
    """In the order of the groups' dependencies, not that of the template."""
    found = changes(masters(), masters("m7i.xlarge"), rolled("C", "B", "A"))
    assert _labels(steps_of([found])) == [[(f"master {slot}", "roll")] for slot in "abc"]
    assert all(step.one_at_a_time for wave in steps_of([found]) for step in wave)


def test_a_slot_alone_is_replaced_alone() -> None:
    """The others are not touched."""
    new = masters()
    new["Resources"]["TemplateB"] = launch_template("m7i.xlarge")
    assert _labels(steps_of([changes(masters(), new, rolled("B"))])) == [[("master b", "roll")]]


def test_a_reference_to_something_that_changes_in_place_replaces_nothing() -> None:
    """CloudFormation lists launch template and group, as it does not know that the name stays."""
    new = masters()
    new["Resources"]["Balancer"]["Properties"]["Name"] = "other"
    seeming = modified(
        "TemplateA", TEMPLATE, target("LaunchTemplateData", dynamic=True, cause="Balancer.DNSName")
    )
    in_place = changes(
        masters(), new, [modified("Balancer", _BALANCER, target("Name")), seeming, follows("A")]
    )
    assert steps_of([in_place]) == []
    another = modified("Balancer", _BALANCER, target("Name", recreation="Always"), replacement="True")
    assert _labels(steps_of([changes(masters(), new, [another, seeming, follows("A")])])) == [
        [("master a", "roll")]
    ]


def test_a_size_replaces_nothing() -> None:
    """A group that is only resized has no new launch template."""
    new = masters()
    new["Resources"]["MasterAGroup"]["Properties"]["MaxSize"] = "2"
    found = changes(masters(), new, [modified("MasterAGroup", GROUP, target("MaxSize"))])
    assert steps_of([found]) == []


def test_without_an_update_policy_instances_stay() -> None:
    """CloudFormation changes the group and replaces nothing.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
    """
    old, new = masters(), masters("m7i.xlarge")
    for template in (old, new):
        del template["Resources"]["MasterAGroup"]["UpdatePolicy"]
    assert steps_of([changes(old, new, rolled("A"))]) == []


@pytest.mark.parametrize("will_replace", [True, "true"])
def test_a_replacing_update_recreates_the_group(will_replace: object) -> None:
    """All of it at once, which `Conditional` means of a group."""
    old, new = masters(), masters("m7i.xlarge")
    for template in (old, new):
        policy = {"AutoScalingReplacingUpdate": {"WillReplace": will_replace}}
        template["Resources"]["MasterAGroup"]["UpdatePolicy"] = policy
    assert _labels(steps_of([changes(old, new, rolled("A"))])) == [[("master a", "recreate")]]


def test_worker_groups_do_not_wait_for_each_other_and_those_that_end_come_last() -> None:
    """In one stack; a new group says how many instances it begins with."""

    def template(*names: str, instance_type: str = "m7i.large") -> dict[str, Any]:
        resources: dict[str, Any] = {}
        for name in names:
            resources[name] = group(f"T{name}", tag="kubequorum:worker-group", value=name)
            resources[f"T{name}"] = launch_template(instance_type)
        return {"Resources": resources}

    def follow(name: str) -> dict[str, Any]:
        cause = f"T{name}.LatestVersionNumber"
        return modified(
            name, GROUP, target("LaunchTemplate", recreation="Conditionally", dynamic=True, cause=cause)
        )

    def bare(name: str, action: str) -> dict[str, Any]:
        return {"Action": action, "LogicalResourceId": name, "ResourceType": GROUP}

    found = changes(
        template("x", "y", "old"),
        template("x", "y", "new", instance_type="m7i.xlarge"),
        [
            *(modified(f"T{name}", TEMPLATE, target("LaunchTemplateData")) for name in "xy"),
            *(follow(name) for name in "xy"),
            bare("new", "Add"),
            bare("old", "Remove"),
        ],
        stack="mine-Workers",
    )
    waves = steps_of([found])
    assert _labels(waves) == [
        [("workers new", "launch"), ("workers x", "roll"), ("workers y", "roll")],
        [("workers old", "end")],
    ]
    assert waves[0][0].launches == 1


def test_stacks_come_one_after_the_other() -> None:
    """Masters before workers."""
    workers = changes({}, {"Resources": {"g": group("t", tag="kubequorum:worker-group", value="g")}}, [
        {"Action": "Add", "LogicalResourceId": "g", "ResourceType": GROUP},
    ], stack="mine-Workers")  # fmt: skip
    found = steps_of([changes(masters(), masters("m7i.xlarge"), rolled("A")), workers])
    assert _labels(found) == [[("master a", "roll")], [("workers g", "launch")]]


def test_the_limit_of_a_drain_is_that_of_the_node_program() -> None:
    """Plans name it; it is written down twice, as the operator's program does not import the node's."""
    assert figures.DRAIN_LIMIT_MINUTES * 60 == drain.LIMIT_SECONDS
