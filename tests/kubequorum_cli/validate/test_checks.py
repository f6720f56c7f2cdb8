"""Each check on made-up clusters: nothing is found in a healthy one, and each kind where it belongs."""

from dataclasses import fields, replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest

from kubequorum_cli.parts import Part
from kubequorum_cli.validate import KINDS, Severity, Snapshot, find, has_errors
from tests.kubequorum_cli.validate import cases_groups, cases_kubernetes, cases_resources
from tests.kubequorum_cli.validate.case import CREATING, Case
from tests.kubequorum_cli.validate.healthy import NOW, an_instance, change, drop, healthy, parts, unread

CASES = (*cases_groups.CASES, *cases_resources.CASES, *cases_kubernetes.CASES)


def test_in_a_healthy_cluster_nothing_is_found() -> None:
    """Not even a warning."""
    assert find(healthy()) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind.id}-{case.subject}")
def test_a_finding(case: Case) -> None:
    """It is found where it is, with its values, and nothing else but what follows from it."""
    snapshot = reduce(lambda made, change: change(made), case.changes, healthy())
    found = find(snapshot)
    (finding,) = [f for f in found if (f.id, f.subject.id) == (case.kind.id, case.subject)]
    assert case.seen in finding.seen
    assert finding.severity is case.kind.severity
    assert {f.id for f in found} == {case.kind.id, *case.others}


def test_every_kind_has_a_case() -> None:
    """And an id of its own."""
    assert {case.kind for case in CASES} == set(KINDS)
    assert len({kind.id for kind in KINDS}) == len(KINDS)


def test_a_remedy_names_its_subject() -> None:
    """Where it is a command."""
    found = find(change("groups", "group-b", suspended=["Terminate"])(healthy()))
    assert [f.remedy for f in found] == ["aws autoscaling resume-processes --auto-scaling-group-name group-b"]


def test_errors_come_first() -> None:
    """Whatever the order of the checks."""
    wrong = change("stacks", "mine-Workers", status="UPDATE_IN_PROGRESS")(healthy())
    found = find(change("addons", "metrics-server", state="failed")(wrong))
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING]
    assert has_errors(found)
    assert not has_errors(found[1:])


@pytest.mark.parametrize("part", [f.name for f in fields(Snapshot) if f.name not in ("cluster", "taken")])
def test_what_cannot_be_read_is_one_finding(part: str) -> None:
    """With its reason; the other parts are checked all the same."""
    wrong = an_instance("i-w1", scheduled_events=["reboot"])(
        change("stacks", "mine-Network", status="X_FAILED")(healthy())
    )
    found = find(unread(part, "the reason")(wrong))
    (finding,) = [f for f in found if f.seen == "the reason"]
    assert finding.id == ("api-unreachable" if part == "api" else "unreadable")
    left = {"stack-failed": "stacks", "instance-scheduled": "groups"}
    assert {f.id for f in found} == {finding.id, *(id_ for id_, needed in left.items() if needed != part)}


def test_without_kubernetes_nothing_is_said_of_it() -> None:
    """Parts that are not there are no problem."""
    absent: dict[str, Any] = {
        name: Part() for name in ("api", "credentials_end", "nodes", "pods", "addons", "backups")
    }
    assert find(replace(healthy(), **absent)) == []


def test_a_first_deployment_is_no_error() -> None:
    """The stack has no outputs yet, masters boot, nobody answers, and no master has written its name."""
    made = change(
        "stacks", "mine-ControlPlane", status="CREATE_IN_PROGRESS", outputs={}, created=NOW.isoformat()
    )(healthy())
    for slot in "abc":
        made = an_instance(f"i-{slot}", lifecycle_state="Pending:Wait")(made)
    made = parts(
        records=dict.fromkeys("abc"),
        load_balancers=[],
        names=[],
        volumes=[replace(v, attached_to="", state="available") for v in made.volumes.known],
    )(made)
    made = unread("api", "no credentials yet")(made)
    absent: dict[str, Any] = {name: Part() for name in ("credentials_end", "nodes", "pods", "addons")}
    found = find(replace(made, **absent))
    assert {f.id for f in found} == {
        "stack-in-progress", "slot-in-progress", "instance-in-progress", "api-in-progress",
    }  # fmt: skip


def test_the_name_of_the_api_comes_last() -> None:
    """CloudFormation makes it while the control plane is being created."""
    found = find(drop("names", "api.mine.internal.")(CREATING(healthy())))
    assert [f.id for f in found] == ["stack-in-progress"]


def test_nodes_of_a_group_that_is_being_made_are_no_finding() -> None:
    """The stack does not list the group yet."""
    made = drop("groups", "group-general")(
        change("stacks", "mine-Workers", status="CREATE_IN_PROGRESS")(healthy())
    )
    assert [f.id for f in find(made)] == ["stack-in-progress"]


def test_what_a_dead_node_says_of_its_pods_is_no_finding() -> None:
    """That it is not Ready says it all."""
    dead = change("nodes", "i-a", ready=False)(change("pods", "etcd-i-a", ready=False)(healthy()))
    assert [f.id for f in find(dead)] == ["node-not-ready"]


def test_a_volume_that_replaced_another_is_the_slots() -> None:
    """By the record; the old one may still be there."""
    snapshot = healthy()
    new = replace(snapshot.volumes.known[0], id="vol-new")
    old = replace(snapshot.volumes.known[0], state="available", attached_to="")
    made = parts(volumes=[old, new, *snapshot.volumes.known[1:]])(snapshot)
    assert find(change("records", "a", volume="vol-new")(made)) == []


def test_ages_are_by_the_clock_of_aws() -> None:
    """This computer's may be wrong, which is a finding of its own."""
    wrong = change("clocks", "", own=NOW + timedelta(days=3))(
        replace(healthy(), taken=NOW + timedelta(days=3))
    )
    assert [f.id for f in find(wrong)] == ["own-clock-differs"]
