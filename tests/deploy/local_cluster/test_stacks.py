"""The stacks of a deployment, their report, and that deploying again changes nothing."""

import io
import re

import pytest
from rich.console import Console

from kubequorum_cli import validate
from kubequorum_cli.report import collect, show
from tests.deploy.deployment import Deployment
from tests.deploy.local_cluster import SLOTS
from tests.synthesis import stacks_of

STACKS = [stack for _, stack in stacks_of("local")]

pytestmark = pytest.mark.deploy


def test_all_stacks_are_complete(deployment: Deployment) -> None:
    """All stacks, each CREATE_COMPLETE, and only State protected against deletion."""
    stacks = {s["StackName"]: s for s in deployment.client("cloudformation").describe_stacks()["Stacks"]}
    for name in STACKS:
        assert stacks[f"local-{name}"]["StackStatus"] == "CREATE_COMPLETE"
        assert stacks[f"local-{name}"]["EnableTerminationProtection"] is (name == "State")


def test_the_report_is_complete(deployment: Deployment) -> None:
    """What `make up` and `make status` show: each kind of resource, complete, with its state."""
    report = collect(deployment.target)
    assert {stack.name: stack.status for stack in report.stacks} == {
        f"local-{name}": "CREATE_COMPLETE" for name in STACKS
    }
    assert [(zone.name, len(zone.subnets)) for zone in report.zones] == [(zone, 2) for zone in SLOTS.values()]
    members = [instance for group in report.groups for instance in group.instances]
    assert (len(report.groups), len(members)) == (4, 5)
    assert {(i.state, i.lifecycle_state, i.health) for i in members} == {("running", "InService", "Healthy")}
    assert [event for member in members for event in member.scheduled_events] == []
    assert [(v.name, v.zone, v.size_gib) for v in report.volumes] == [
        (f"local etcd-{slot}", zone, 4) for slot, zone in SLOTS.items()
    ]
    (balancer,) = report.load_balancers
    assert (balancer.name, balancer.scheme, balancer.state) == ("local-api", "internal", "active")
    assert {target.partition(":")[0] for target in balancer.targets} == {
        deployment.master(slot) for slot in SLOTS
    }
    assert "api.local.kubequorum.internal." in {name.name for name in report.names}


def test_validate_finds_nothing(deployment: Deployment) -> None:
    """Not even a warning, of all that AWS shows."""
    assert validate.find(validate.collect(deployment.target)) == []


def test_a_scheduled_event_is_in_the_report(deployment: Deployment) -> None:
    """Of the instance that EC2 has announced it for."""
    instance_id = deployment.master("a")
    deployment.faults.schedule_event(instance_id, code="instance-retirement")
    report = collect(deployment.target)
    found = {member.id: member.scheduled_events for group in report.groups for member in group.instances}
    ((announced,), *others) = sorted(found.values(), key=len, reverse=True)
    assert found[instance_id] == [announced]
    assert re.match(r"instance-retirement not before \d{4}-\d\d-\d\d \d\d:\d\d UTC: ", announced)
    assert others == [[]] * len(others)
    console = Console(file=io.StringIO(), width=200)
    show(report, console)
    assert announced in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_diff_right_after_is_empty(deployment: Deployment) -> None:
    """`cdk diff` finds nothing to change."""
    printed = deployment.run_cdk("diff", "--all", "--fail")
    assert "Number of stacks with differences: 0" in printed


def test_a_second_deploy_changes_nothing(deployment: Deployment) -> None:
    """Deploying again leaves every stack, every resource and every instance as it was."""
    before = {stack: deployment.physical_ids(stack) for stack in STACKS}
    events = {stack: len(deployment.events(stack)) for stack in STACKS}
    masters = {slot: deployment.master(slot) for slot in SLOTS}
    printed = deployment.deploy()
    assert printed.count("(no changes)") == len(STACKS)
    assert {stack: deployment.physical_ids(stack) for stack in STACKS} == before
    assert {stack: len(deployment.events(stack)) for stack in STACKS} == events
    assert {slot: deployment.master(slot) for slot in SLOTS} == masters
