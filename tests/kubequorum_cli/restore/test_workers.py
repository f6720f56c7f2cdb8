"""Workers that the restored cluster does not know are replaced; masters and known workers are not."""

from typing import Any, cast

import pytest

from kubequorum_cli.errors import CommandError
from kubequorum_cli.kubernetes import NodeList
from kubequorum_cli.kubernetes.nodes import Node
from kubequorum_cli.resources import Resources
from kubequorum_cli.restore import workers


class _Cluster:
    """A master and three workers; the last one is not in service."""

    target = None

    def __init__(self) -> None:
        self.groups = {"a": "masters-a"}
        self.ended: list[str] = []

    def all_groups(self) -> list[dict[str, Any]]:
        states = {"i-1": "InService", "i-2": "InService", "i-3": "Pending:Wait"}
        of_workers = [{"InstanceId": id_, "LifecycleState": state} for id_, state in states.items()]
        master = {"InstanceId": "i-0", "LifecycleState": "InService"}
        return [
            {"AutoScalingGroupName": "masters-a", "Instances": [master]},
            {"AutoScalingGroupName": "general", "Instances": of_workers},
        ]

    def instances_by_id(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        return {id_: {"PrivateIpAddress": f"10.0.0.{id_[2:]}"} for id_ in ids}

    def client(self, _: str) -> "_Cluster":
        return self

    def terminate_instance_in_auto_scaling_group(self, **request: Any) -> None:
        assert request["ShouldDecrementDesiredCapacity"] is False
        self.ended.append(request["InstanceId"])


def _replace(monkeypatch: pytest.MonkeyPatch, nodes: NodeList) -> list[str]:
    cluster = _Cluster()
    monkeypatch.setattr(workers, "find_access", lambda _: None)
    monkeypatch.setattr(workers, "look", lambda _: nodes)
    assert workers.replace_unknown(cast("Resources", cluster)) == cluster.ended
    return cluster.ended


def _nodes(*addresses: str) -> NodeList:
    return NodeList(
        nodes=[
            Node(
                name=address,
                ready=False,
                roles=[],
                version="",
                address=address,
                zone="",
                slot="",
                worker_group="",
            )
            for address in addresses
        ]
    )


def test_a_worker_without_a_node_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """It joined after the restored moment, and its kubelet will not register again."""
    assert _replace(monkeypatch, _nodes("10.0.0.1")) == ["i-2"]


def test_known_workers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready or not: their kubelets come back by themselves."""
    assert _replace(monkeypatch, _nodes("10.0.0.1", "10.0.0.2")) == []


def test_nodes_that_cannot_be_listed_end_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list because of an error is no list."""
    with pytest.raises(CommandError, match="cannot be found"):
        _replace(monkeypatch, NodeList(problem="no answer"))
