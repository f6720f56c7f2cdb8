"""metrics-server, the real program, on real machines: what it says of nodes and pods, and who uses that."""

import json
import re
from functools import partial
from typing import Any

import pytest

from kubequorum.config.names import BUILT_IN_ADDONS
from lab.cluster import MachineError
from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.deploying import applied_addons, deploy_addons
from tests.kubernetes.pods import available_deployment

pytestmark = pytest.mark.deploy


def test_metrics_of_all_nodes_and_their_pods(cluster: Deployment) -> None:
    """`kubectl top`: every kubelet shows metrics-server a certificate that the cluster signed."""
    nodes = {node["metadata"]["name"] for node in cluster.get("nodes")}
    of_nodes: dict[str, int] = {}

    def has_all() -> bool:
        of_nodes.update(_top(cluster, "nodes"))
        return set(of_nodes) == nodes

    cluster.wait_until(has_all, "metrics of all nodes")
    # A machine with a kubelet and containerd uses more, and this computer's memory is more than all use.
    assert all(50 < mebibytes < 100_000 for mebibytes in of_nodes.values()), of_nodes
    # The pod of a Node that was removed goes a minute later.
    proxies = {
        pod["metadata"]["name"]: pod["spec"]["nodeName"]
        for pod in cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-proxy")
        if pod["spec"]["nodeName"] in nodes
    }
    assert set(proxies.values()) == nodes
    cluster.wait_until(
        lambda: set(proxies) <= set(_top(cluster, "pods", "-n", "kube-system")),
        "metrics of a pod of each node",
    )


def _top(cluster: Deployment, *arguments: str) -> dict[str, int]:
    """What `kubectl top` prints: name → MiB of memory; nothing while it has no metrics."""
    try:
        lines = cluster.kubectl("top", *arguments, "--no-headers").splitlines()
    except MachineError:
        return {}
    known = [line for line in lines if "<unknown>" not in line]
    found = [re.fullmatch(r"(\S+) +\d+m .*?(\d+)Mi.*", line) for line in known]
    assert all(found), lines
    return {match[1]: int(match[2]) for match in found if match}


def test_the_horizontal_autoscaler_scales_by_metrics(cluster: Deployment) -> None:
    """Up when pods use more memory than wanted, and down when they use less."""
    cluster.apply(available_deployment("web", copies=1)[0])
    for target, copies in (("1Ki", 3), ("1Gi", 1)):
        cluster.apply(_autoscaler(target))
        cluster.wait_until(partial(_has_replicas, cluster, copies), f"{copies} replicas at {target} each")
    cluster.kubectl("delete", "horizontalpodautoscaler,deployment", "web")


def _autoscaler(target: str) -> dict[str, Any]:
    resource = {"name": "memory", "target": {"type": "AverageValue", "averageValue": target}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": resource}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
        },
    }


def _has_replicas(cluster: Deployment, copies: int) -> bool:
    found = json.loads(cluster.kubectl("get", "deployment", "web", "-o", "json"))
    return bool(found["spec"]["replicas"] == copies)


def test_addons_that_are_turned_off_are_removed(cluster: Deployment) -> None:
    """metrics-server with its API, so that nothing waits for one that nobody serves."""
    cluster.change(addons={key: {"enabled": False} for key in BUILT_IN_ADDONS.values()})
    deploy_addons(cluster)
    cluster.wait_until(lambda: applied_addons(cluster) == {"calico"}, "the inventories are gone")
    for kind in ("deployment", "service", "apiservice", "clusterrole"):
        for label in ("k8s-app=metrics-server", "app.kubernetes.io/name=external-dns"):
            assert not cluster.get(kind, "-A", "-l", label), (kind, label)
