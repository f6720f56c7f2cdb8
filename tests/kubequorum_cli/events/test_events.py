"""`events`: what AWS and Kubernetes answer becomes lines in one order of time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from kubequorum_cli.commands import events as command
from kubequorum_cli.errors import UsageError
from kubequorum_cli.events import Event, Happened, collect
from kubequorum_cli.events.model import of_group, of_kubernetes, of_stack
from kubequorum_cli.target import Target
from tests.kubequorum_cli.api_stub import ApiStub, running_api
from tests.kubequorum_cli.test_kubernetes import NoSession

_NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
_NODES = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNode"
_SYSTEM = "/api/v1/namespaces/kube-system/events"


def _target() -> Target:
    return Target(
        cluster="mine",
        session=NoSession(),  # type: ignore[arg-type]
        kubeconfig=Path("unused"),
        details={"cluster": "mine"},
    )


def test_events_of_stacks() -> None:
    """With the reason, if there is one."""
    found = {
        "StackName": "mine-Workers",
        "LogicalResourceId": "Group",
        "ResourceType": "AWS::AutoScaling::AutoScalingGroup",
        "ResourceStatus": "UPDATE_FAILED",
        "Timestamp": _NOW + timedelta(microseconds=5),
    }
    text = "AWS::AutoScaling::AutoScalingGroup UPDATE_FAILED"
    event = Event(time="2027-01-15T12:00:00+00:00", source="stack", subject="mine-Workers/Group", text=text)
    assert of_stack(found) == event
    assert of_stack({**found, "ResourceStatusReason": "no capacity"}).text == f"{text}: no capacity"


def test_activities_of_groups() -> None:
    """What was done, how it ended, and why."""
    found = {
        "AutoScalingGroupName": "group-a",
        "StartTime": _NOW,
        "Description": "Terminating EC2 instance: i-a",
        "StatusCode": "Failed",
        "StatusMessage": "it is gone",
        "Cause": "a status check failed",
    }
    event = of_group(found)
    assert (event.source, event.subject) == ("group", "group-a")
    assert event.text == "Terminating EC2 instance: i-a: Failed; it is gone; a status check failed"


def _item(**fields: Any) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": "2027-01-15T11:00:00Z"},
        "involvedObject": {"kind": "Node", "name": "i-a"},
        "type": "Warning",
        "reason": "MasterFull",
        "message": "the volume is full",
        **fields,
    }


@pytest.mark.parametrize(
    ("fields", "time", "text"),
    [
        ({}, "2027-01-15T11:00:00+00:00", "Warning MasterFull: the volume is full"),
        (
            {"lastTimestamp": "2027-01-15T11:30:00Z", "count": 3},
            "2027-01-15T11:30:00+00:00",
            "Warning MasterFull: the volume is full (seen 3 times)",
        ),
        (
            {"lastTimestamp": None, "eventTime": "2027-01-15T11:40:00.123456Z"},
            "2027-01-15T11:40:00+00:00",
            "Warning MasterFull: the volume is full",
        ),
    ],
)
def test_events_of_kubernetes(fields: dict[str, Any], time: str, text: str) -> None:
    """At the time at which they were seen last, whichever field has it."""
    event = of_kubernetes(_item(**fields), "node")
    assert event == Event(time=time, source="node", subject="Node/i-a", text=text)


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiStub]:
    """An API server without events, in an AWS without stacks."""
    monkeypatch.setattr("kubequorum_cli.resources.Resources.stacks", lambda _: [])
    with running_api(tmp_path) as started:
        monkeypatch.setattr("kubequorum_cli.events.reading.find_access", lambda _: started.access)
        started.answers |= {_NODES: {"items": []}, _SYSTEM: {"items": []}}
        yield started


def test_they_are_in_one_order(api: ApiStub) -> None:
    """Oldest first, whoever says so; older ones are left out."""
    api.answers[_NODES] = {
        "items": [_item(lastTimestamp=f"2027-01-15T{time}Z") for time in ("11:50:00", "11:10:00")]
    }
    api.answers[_SYSTEM] = {"items": [_item(lastTimestamp="2027-01-15T11:40:00Z")]}
    found = collect(_target(), since=_NOW - timedelta(minutes=30))
    assert [(event.time[11:16], event.source) for event in found.events] == [
        ("11:40", "kube-system"),
        ("11:50", "node"),
    ]
    assert found.unread == {}


def test_a_source_that_refuses_hides_no_other(api: ApiStub) -> None:
    """It is named, with the reason."""
    api.answers[_NODES] = (403, "forbidden")
    api.answers[_SYSTEM] = {"items": [_item()]}
    found = collect(_target(), since=_NOW - timedelta(days=1))
    assert [event.source for event in found.events] == ["kube-system"]
    assert found.unread.keys() == {"node"}
    assert "status 403: forbidden" in found.unread["node"]


_EVENT = Event(time="2027-01-15T12:00:00+00:00", source="group", subject="group-a", text="Launching\n i-a")


def test_what_a_person_sees(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each event, however long."""
    long = replace(_EVENT, text="x" * 300)
    monkeypatch.setattr(command, "collect", lambda *_, **__: Happened(events=[_EVENT, long], unread={}))
    command.events(_target(), since="1h", as_json=False)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["2027-01-15", "12:00:00", "group", "group-a", "Launching", "i-a"]
    assert second.endswith("x" * 300)


def test_what_programs_see(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One document; what could not be read is in it, on stderr, and in the exit code."""
    happened = Happened(events=[_EVENT], unread={"node": "timed out"})
    monkeypatch.setattr(command, "collect", lambda *_, **__: happened)
    with pytest.raises(typer.Exit) as ended:
        command.events(_target(), since="1h", as_json=True)
    said = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert "Events of node cannot be read: timed out" in said.err
    assert json.loads(said.out) == {
        "cluster": "mine",
        "events": [
            {
                "time": "2027-01-15T12:00:00+00:00",
                "source": "group",
                "subject": "group-a",
                "text": "Launching\n i-a",
            }
        ],
        "unread": {"node": "timed out"},
    }


def test_how_far_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """By this computer's clock; what is no duration is wrong usage."""
    asked: list[datetime] = []

    def collected(_: Target, *, since: datetime) -> Happened:
        asked.append(since)
        return Happened(events=[], unread={})

    monkeypatch.setattr(command, "collect", collected)
    command.events(_target(), since="2h", as_json=False)
    assert timedelta(0) <= datetime.now(UTC) - asked[0] - timedelta(hours=2) < timedelta(minutes=1)
    with pytest.raises(UsageError, match="--since yesterday"):
        command.events(_target(), since="yesterday", as_json=False)
