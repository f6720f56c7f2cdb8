"""What EC2 announces: an Event for each, repeated before it is forgotten."""

import json
from typing import Any

import pytest

from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.termination.notices import Notices
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

RETIREMENT = {
    "NotBefore": "21 Jan 2027 09:00:43 GMT",
    "Code": "instance-retirement",
    "Description": "The instance is running on degraded hardware",
    "EventId": "instance-event-0d59937288b749b32",
    "State": "active",
}


class _Api(NodeApi):
    def __init__(self, node: FakeNode) -> None:
        super().__init__(node)
        self.events: list[tuple[str, str]] = []
        self.down = False

    def create(self, path: str, document: dict[str, Any]) -> None:
        assert path == "/api/v1/namespaces/default/events"
        assert document["involvedObject"]["name"] == examples.IDENTITY.node_name
        assert document["type"] == "Warning"
        if self.down:
            raise ApiError("connection refused")
        self.events.append((document["reason"], document["message"]))


@pytest.mark.parametrize("is_master", [True, False])
def test_a_scheduled_event_is_announced_once_an_hour(
    node: FakeNode, worker: FakeNode, is_master: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is over, or was canceled, is not announced."""
    host = node if is_master else worker
    api = _Api(host)
    notices = Notices(host, api=api)
    done = {**RETIREMENT, "State": "completed", "Code": "system-reboot"}
    host.metadata.events = json.dumps([done, RETIREMENT])
    for _ in range(70):
        notices.look()
        host.clock.sleep(60)
    assert [reason for reason, _ in api.events] == ["ScheduledMaintenance"] * 2
    message = api.events[0][1]
    assert "instance-retirement of this instance, not before 21 Jan 2027 09:00:43 GMT" in message
    assert capsys.readouterr().err.count("instance-retirement") == 1


def test_a_changed_event_is_announced_again(worker: FakeNode) -> None:
    """AWS has moved it."""
    api = _Api(worker)
    notices = Notices(worker, api=api)
    for day in (21, 22):
        worker.metadata.events = json.dumps([{**RETIREMENT, "NotBefore": f"{day} Jan 2027 09:00:43 GMT"}])
        notices.look()
    assert len(api.events) == 2


def test_a_rebalance_recommendation_is_announced(node: FakeNode, worker: FakeNode) -> None:
    """Of a worker; a master is no spot instance."""
    for host, expected in ((node, []), (worker, ["RebalanceRecommendation"])):
        api = _Api(host)
        notices = Notices(host, api=api)
        notices.look()
        assert api.events == []
        host.metadata.recommendation = '{"noticeTime": "2026-11-30T12:00:00Z"}'
        notices.look()
        notices.look()
        assert [reason for reason, _ in api.events] == expected


def test_an_event_is_retried_while_the_api_does_not_answer(worker: FakeNode) -> None:
    """For example before the node has joined."""
    api = _Api(worker)
    notices = Notices(worker, api=api)
    worker.metadata.events, api.down = json.dumps([RETIREMENT]), True
    notices.look()
    api.down = False
    notices.look()
    assert len(api.events) == 1


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "soon", "[1]", "5"])
def test_what_cannot_be_read_is_no_event(worker: FakeNode, text: str | None) -> None:
    """And a question without an answer hides no other one."""
    api = _Api(worker)
    worker.metadata.events, worker.metadata.broken = text, {"rebalance_recommendation"}
    notices = Notices(worker, api=api)
    notices.look()
    assert api.events == []
    worker.metadata.events = json.dumps([RETIREMENT])
    notices.look()
    assert len(api.events) == 1
