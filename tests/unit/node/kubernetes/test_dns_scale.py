"""How many replicas CoreDNS has, by the cluster's size."""

import json
from typing import Any

import pytest

from kubequorum_node.kubernetes import cluster_dns, dns_scale
from tests.unit.node.fakes import FakeNode

KUBECTL = "/usr/local/bin/kubectl"


def _node(
    name: str = "i-1",
    *,
    cpu: str = "2",
    unschedulable: bool = False,
    taint: str = "",
    effect: str = "NoSchedule",
) -> Any:
    spec: dict[str, Any] = {"unschedulable": True} if unschedulable else {}
    if taint:
        spec["taints"] = [{"key": taint, "effect": effect}]
    return {"metadata": {"name": name}, "spec": spec, "status": {"capacity": {"cpu": cpu}}}


@pytest.mark.parametrize(
    ("nodes", "cpu", "expected"),
    [(2, "2", 2), (5, "2", 2), (32, "2", 2), (33, "2", 3), (300, "2", 19), (5, "192", 4), (5, "0", 2)],
)
def test_replicas_follow_nodes_and_processors(nodes: int, cpu: str, expected: int) -> None:
    """One for 16 nodes or 256 processors, whichever is more, and never fewer than two."""
    assert dns_scale.replicas([_node(cpu=cpu)] * nodes) == expected


def test_processors_are_read_in_thousandths_too() -> None:
    """As Kubernetes writes quantities; what is none counts as none."""
    assert dns_scale.replicas([_node(cpu="256000m")] * 3) == 3
    assert dns_scale.replicas([_node(cpu="many")] * 3) == 2


def test_taints_that_do_not_count_are_those_that_replicas_tolerate() -> None:
    """But for conditions of nodes, after which they soon move."""
    tolerations = cluster_dns.deployment_patch()["spec"]["template"]["spec"]["tolerations"]
    keys = {each["key"] for each in tolerations if not each["key"].startswith("node.kubernetes.io/")}
    assert [dns_scale.replicas([_node(), _node(taint=key)]) for key in sorted(keys)] == [2] * len(keys)
    assert len(keys) == 2


def test_no_more_than_find_a_place() -> None:
    """No two of them are on one host: others would stay pending, and have an autoscaler launch hosts."""
    assert dns_scale.replicas([_node()]) == 1
    assert dns_scale.replicas([]) == 1
    tainted = [_node(taint="dedicated"), _node(unschedulable=True)]
    assert dns_scale.replicas([_node(cpu="512"), *tainted]) == 1
    assert dns_scale.replicas([_node(cpu="512"), _node(taint="dedicated", effect="PreferNoSchedule")]) == 2
    masters = [_node(taint="node-role.kubernetes.io/control-plane")] * 3
    assert dns_scale.replicas(masters) == 2
    # Gone for a moment: where a replica was, one will be.
    assert dns_scale.replicas([_node(), _node(taint="node.kubernetes.io/unreachable")]) == 2


def _cluster(
    node: FakeNode, *, replicas: int | None, nodes: int = 40, annotations: dict[str, str] | None = None
) -> None:
    """A cluster with a Deployment of some replicas, or with none."""
    deployment = {"metadata": {"annotations": annotations or {}}, "spec": {"replicas": replicas}}

    def answer(arguments: tuple[str, ...], _stdin: str | None) -> str:
        if "nodes" in arguments:
            return json.dumps({"items": [_node()] * nodes})
        if "get" in arguments:
            return "" if replicas is None else json.dumps(deployment)
        return ""

    node.host.on(KUBECTL, answer)


def _changes(node: FakeNode) -> list[str]:
    dns_scale.scale(node)
    return [line.partition(" scale ")[2] for line in node.host.ran(KUBECTL) if " scale " in line]


@pytest.mark.parametrize("replicas", [2, 9])
def test_it_grows_and_shrinks_from_the_number_that_was_seen(node: FakeNode, replicas: int) -> None:
    """A number that somebody else has changed meanwhile is not overwritten."""
    _cluster(node, replicas=replicas)
    expected = f"deployment coredns --namespace=kube-system --replicas=3 --current-replicas={replicas}"
    assert _changes(node) == [expected]


def test_what_is_right_is_left_alone(node: FakeNode) -> None:
    """Most looks change nothing."""
    _cluster(node, replicas=3)
    assert _changes(node) == []


def test_a_persons_number_stays(node: FakeNode) -> None:
    """Said by an annotation, whatever its value."""
    _cluster(node, replicas=7, annotations={dns_scale.MANUAL: ""})
    assert _changes(node) == []


def test_a_cluster_whose_dns_is_another_is_left_alone(node: FakeNode) -> None:
    """Somebody has deleted the Deployment."""
    _cluster(node, replicas=None)
    assert _changes(node) == []
