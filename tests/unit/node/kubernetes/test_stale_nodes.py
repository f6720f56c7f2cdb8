"""Which Node objects go: only those of instances that are gone for good."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kubequorum_node.kubernetes import stale_nodes
from tests.unit.node.fakes import FakeNode

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
OLD, YOUNG = "2026-01-01T11:00:00Z", "2026-01-01T11:58:00Z"
INSTANCE = "i-0aaaaaaaaaaaaaaaa"
KUBECTL = "/usr/local/bin/kubectl"


def _node(*, name: str = INSTANCE, ready: str = "Unknown", created: str = OLD, provider_id: str = "") -> Any:
    return {
        "metadata": {"name": name, "creationTimestamp": created},
        "spec": {"providerID": provider_id or f"aws:///eu-central-1a/{name}"},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def _goes(node: Any, states: dict[str, str]) -> bool:
    return bool(stale_nodes.stale_nodes([node], states, NOW))


@pytest.mark.parametrize("state", ["pending", "running", "shutting-down", "stopping", "stopped"])
def test_a_node_with_an_instance_stays(state: str) -> None:
    """However long it has not reported."""
    assert not _goes(_node(), {INSTANCE: state})


def test_a_node_with_a_terminated_instance_is_removed() -> None:
    """At once, though its last word may have been that it is ready."""
    assert _goes(_node(ready="True", created=YOUNG), {INSTANCE: "terminated"})


def test_a_node_whose_instance_ec2_does_not_know_is_removed() -> None:
    """EC2 forgets an instance about an hour after its end."""
    assert _goes(_node(), {})


def test_a_node_that_ec2_does_not_know_yet_stays() -> None:
    """Its instance was launched just now, or something runs there."""
    assert not _goes(_node(created=YOUNG), {})
    assert not _goes(_node(ready="True"), {})


@pytest.mark.parametrize("name", ["worker-1", "ip-10-20-1-4.ec2.internal", "i-0aaaaaaaaaaaaaaaa.example.com"])
def test_a_node_that_is_not_an_instance_stays(name: str) -> None:
    """It is none of ours."""
    assert not _goes(_node(name=name), {})


def test_a_node_is_the_instance_that_it_is_named_after() -> None:
    """Its provider id is what the node itself wrote, and may name another's instance."""
    living = "i-0bbbbbbbbbbbbbbbb"
    states = {INSTANCE: "terminated", living: "running"}
    assert _goes(_node(name=INSTANCE, provider_id=f"aws:///eu-central-1a/{living}"), states)
    assert not _goes(_node(name=living, provider_id=f"aws:///eu-central-1a/{INSTANCE}"), states)


def test_stale_nodes_are_removed_with_one_request_to_ec2(node: FakeNode) -> None:
    """Asked by a filter: an id that EC2 does not know is no error then."""
    living = _node(name="i-0bbbbbbbbbbbbbbbb")
    node.host.on(KUBECTL, lambda *_: json.dumps({"items": [_node(), living]}))
    node.aws.instances = {
        INSTANCE: {"InstanceId": INSTANCE, "State": {"Name": "terminated"}},
        "i-0bbbbbbbbbbbbbbbb": {"InstanceId": "i-0bbbbbbbbbbbbbbbb", "State": {"Name": "running"}},
    }
    stale_nodes.remove(node)
    deleted = [line for line in node.host.ran(KUBECTL) if " delete " in line]
    assert len(deleted) == 1
    assert f"delete node {INSTANCE}" in deleted[0]
    assert len(node.aws.requests) == 1
    # Its name is revoked first: otherwise whoever has its certificate registers it again.
    order = [line for line in node.host.ran(KUBECTL) if " patch " in line or " delete " in line]
    assert " patch configmap kubequorum-revoked-nodes " in order[0]
    (change,) = [text for text in node.host.inputs if text]
    assert list(json.loads(change)["data"]) == [INSTANCE]
