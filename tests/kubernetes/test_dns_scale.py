"""CoreDNS follows the cluster's size, in what a master's timer runs."""

import json

import pytest

from kubequorum_node.kubernetes.dns_scale import MANUAL
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.deploy

_COREDNS = ("deployment", "coredns", "--namespace=kube-system")
_MADE_UP = [f"made-up-{number}" for number in range(28)]
"""With those of the cluster more than 32."""


def _replicas(cluster: Deployment) -> int:
    return int(cluster.kubectl("get", *_COREDNS, "--output=jsonpath={.spec.replicas}"))


def _after_a_look(cluster: Deployment) -> int:
    cluster.sh(cluster.master("b"), "systemctl start kubequorum-dns-scale.service")
    return _replicas(cluster)


def test_replicas_follow_the_number_of_nodes(cluster: Deployment) -> None:
    """More with more nodes, which a master's next boot leaves; fewer when they are gone."""
    assert _after_a_look(cluster) == 2
    nodes = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in _MADE_UP]
    try:
        cluster.kubectl(
            "create", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
        )
        assert _after_a_look(cluster) == 3
        cluster.sh(cluster.master("a"), "kubequorum-node configure-cluster", timeout_seconds=120)
        assert _replicas(cluster) == 3
    finally:
        cluster.kubectl("delete", "nodes", *_MADE_UP, "--ignore-not-found", "--wait=false")
    cluster.kubectl("annotate", *_COREDNS, f"{MANUAL}=by-a-test")
    assert _after_a_look(cluster) == 3
    cluster.kubectl("annotate", *_COREDNS, f"{MANUAL}-")
    assert _after_a_look(cluster) == 2
    cluster.wait_until(
        lambda: len(cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-dns")) == 2,
        "the third one is gone",
    )
