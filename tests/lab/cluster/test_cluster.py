"""The client of a running cluster, with AWS and machines simulated."""

from pathlib import Path
from typing import Any

import pytest

from emulator.faults import CommandResult, UnknownTargetError
from kubequorum_cli.resources import groups_in
from kubequorum_cli.target import Target
from lab.cluster import Cluster, MachineError, problems, wait_until

OUTPUTS = {"MasterBGroupName": "group-b", "ApiEndpoint": "https://api:6443", "MasterAGroupName": "group-a"}


class Aws:
    """Answers the requests for stacks and groups; two instances in slot a, one of them in service."""

    _operation = ""

    def client(self, _service: str, **_: object) -> "Aws":
        """A client of everything."""
        return self

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        """The control plane's outputs."""
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"Outputs": outputs}]}

    def describe_auto_scaling_groups(self) -> dict[str, Any]:
        """Both groups."""
        instances = {
            "group-a": [("i-new", "Pending:Wait"), ("i-a", "InService")],
            "group-b": [("i-b", "InService")],
        }
        return {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": name,
                    "Instances": [
                        {"InstanceId": id_, "LifecycleState": state, "HealthStatus": "Healthy"}
                        for id_, state in members
                    ],
                }
                for name, members in instances.items()
            ]
        }

    def get_paginator(self, operation: str) -> "Aws":
        """Pages of groups and of instances."""
        self._operation = operation
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        """All groups on one page; no instance runs."""
        if self._operation == "describe_auto_scaling_groups":
            return [self.describe_auto_scaling_groups()]
        return [{"Reservations": [], "StackResourceSummaries": []}]


class Machines:
    """Records commands; the machine of slot a has no power."""

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def run(self, instance_id: str, command: list[str], **_: object) -> CommandResult:
        """Run on one machine."""
        if instance_id == "i-a":
            raise UnknownTargetError(f"{instance_id} is off")
        self.scripts.append(command[-1])
        fails = "false" in command[-1]
        return CommandResult(status=int(fails), stdout=b"printed", stderr=b"no such thing" if fails else b"")


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A cluster of these."""
    target = Target(cluster="local", session=Aws(), kubeconfig=tmp_path / "k")  # type: ignore[arg-type]
    cluster = Cluster(target, machines_state=tmp_path, folder=tmp_path)
    cluster.faults = Machines()  # type: ignore[assignment]
    return cluster


def test_slots_are_found_by_the_stacks_outputs() -> None:
    """Each with its group, in order, and nothing else."""
    assert list(groups_in(OUTPUTS).items()) == [("a", "group-a"), ("b", "group-b")]


def test_the_instance_in_service_is_the_slots_master(cluster: Cluster) -> None:
    """Also while its successor boots."""
    assert cluster.master("a") == "i-a"
    assert cluster.masters() == {"a": "i-a", "b": "i-b"}


def test_a_command_for_any_master_runs_on_the_first_that_answers(cluster: Cluster) -> None:
    """With its arguments quoted; on a named slot it runs there or nowhere."""
    assert cluster.kubectl("get", "pods", "-o", "jsonpath={.items[*]}") == "printed"
    (script,) = cluster.faults.scripts  # type: ignore[attr-defined]
    assert script.endswith("get pods -o 'jsonpath={.items[*]}'")
    with pytest.raises(MachineError, match="i-a is off"):
        cluster.kubectl("get", "pods", slot="a")


def test_a_failed_command_is_reported_with_its_output(cluster: Cluster) -> None:
    """Command, status, machine, and the end of its errors."""
    with pytest.raises(MachineError, match="`false` failed with status 1 on i-b: no such thing"):
        cluster.sh("i-b", "false")


def test_health_stops_at_the_first_problem_if_that_is_enough(cluster: Cluster) -> None:
    """Every look takes time of the machines; else all problems are listed, also that a check failed."""
    booting = "group of slot a: Pending:Wait/Healthy, InService/Healthy"
    assert problems(cluster, only_first=True) == [booting]
    found = problems(cluster, lambda _cluster: iter(["the last check"]))
    assert found[0] == booting
    assert found[-1] == "the last check"
    assert any(line.startswith("could not be checked") for line in found)


def test_a_wait_ends_with_what_was_wrong_last() -> None:
    """Not without a reason."""
    with pytest.raises(Exception, match="not within 0 s") as raised:
        wait_until(lambda: "the door is closed", seconds=0, pause_seconds=0)
    assert getattr(raised.value, "why", "") == "the door is closed"
