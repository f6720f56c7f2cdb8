"""Addons on real machines: applied, kept, updated, rolled back and removed, whatever becomes of a master."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import yaml

from kubequorum_cli.errors import CommandError
from lab.cluster import MachineError, wait_until_healthy
from tests.deploy.deployment import Deployment, deployed
from tests.kubernetes.pods import NETPROBE, PORT
from tests.kubernetes.waiting import wait_for_nodes

pytestmark = pytest.mark.deploy


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """clusters/local.yaml with its addons, on real machines, of this module alone: it loses a master."""
    with deployed(tmp_path_factory.mktemp("addons"), machines="nspawn", addons=True) as deployment:
        wait_for_nodes(deployment, 5)
        yield deployment


def _objects(*, copies: int = 2, port: int = PORT, extra: str = "") -> list[dict[str, Any]]:
    """A Namespace, and a Deployment of netprobe in it that is ready if `port` answers."""
    container = {
        "name": "netprobe",
        "image": NETPROBE,
        "imagePullPolicy": "Never",
        "args": ["serve"],
        "readinessProbe": {"httpGet": {"path": "/", "port": port}, "periodSeconds": 1},
    }
    pod = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    labels = {"app": "web"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": copies,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    settings = {"name": f"settings{extra}", "namespace": "shop"}
    return [
        deployment,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": settings},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    ]


def _deploy(cluster: Deployment, objects: list[dict[str, Any]], *, ready_seconds: int = 120) -> None:
    folder = cluster.cdk.cluster_file.parent
    (folder / "shop.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    manifest = {"name": "shop", "file": "shop.yaml", "ready_seconds": ready_seconds}
    cluster.change(addons={"manifests": [manifest]})
    _deploy_addons(cluster)


def _deploy_addons(cluster: Deployment) -> None:
    options = ("--require-approval", "never", "--progress", "events")
    cluster.run_cdk("deploy", "--exclusively", "local-Addons", *options)


def _in_shop(cluster: Deployment, kind: str) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.get(kind, "-n", "shop", "-l", "kubequorum/addon")}


def _inventory(cluster: Deployment) -> dict[str, str]:
    found = cluster.kubectl("get", "configmap", "-n", "kube-system", "kubequorum-addon-shop", "-o", "json")
    data: dict[str, str] = json.loads(found)["data"]
    return data


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
    proxies = {
        pod["metadata"]["name"]: pod["spec"]["nodeName"]
        for pod in cluster.get("pods", "-n", "kube-system", "-l", "k8s-app=kube-proxy")
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
    deployment = _objects(copies=1)[0]
    deployment["metadata"]["namespace"] = "default"
    cluster.apply(deployment)
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


def test_metrics_server_that_is_turned_off_is_removed(cluster: Deployment) -> None:
    """With its API: a request for metrics is refused, and nothing waits for an API that nobody serves."""
    cluster.change(addons={"metrics_server": {"enabled": False}})
    _deploy_addons(cluster)
    cluster.wait_until(
        lambda: not cluster.get("configmap", "-n", "kube-system", "-l", "kubequorum/addon"),
        "the inventory is gone",
    )
    for kind in ("deployment", "service", "apiservice", "clusterrole"):
        assert not cluster.get(kind, "-A", "-l", "k8s-app=metrics-server"), kind


def test_a_deploy_ends_when_the_addon_is_ready(cluster: Deployment) -> None:
    """Its pods are available then, and the inventory says so."""
    _deploy(cluster, _objects())
    deployment = json.loads(cluster.kubectl("get", "deployment", "-n", "shop", "web", "-o", "json"))
    assert deployment["status"]["availableReplicas"] == 2
    assert (_inventory(cluster)["state"], _in_shop(cluster, "configmap")) == ("ready", {"settings"})


def test_a_master_may_die_in_the_middle_of_an_update(cluster: Deployment) -> None:
    """The one at work loses power before the addon is ready: another one ends the update, and signals."""
    with ThreadPoolExecutor(1) as background:
        ended = background.submit(_deploy, cluster, _objects(copies=3, extra="-2"), ready_seconds=300)
        cluster.wait_until(
            lambda: _inventory(cluster)["state"] != "ready", "a master works on it", pause_seconds=0.1
        )
        holder = _inventory(cluster)["holder"]
        cluster.faults.power_loss(holder)
        ended.result()
    assert _inventory(cluster)["holder"] != holder
    assert _in_shop(cluster, "configmap") == {"settings-2"}
    # The Node of the dead master may still be there, and Ready: ask what is in service.
    assert wait_until_healthy(cluster, seconds=300) == []


def test_the_service_may_be_killed_again_and_again(cluster: Deployment) -> None:
    """On all masters, while it applies: when that ends, the update does."""
    with ThreadPoolExecutor(1) as background:
        ended = background.submit(_deploy, cluster, _objects(extra="-3"), ready_seconds=300)
        for _ in range(20):
            for master in cluster.masters().values():
                cluster.sh(master, "systemctl kill --signal=KILL kubequorum-addons || true")
        ended.result()
    assert (_inventory(cluster)["state"], _in_shop(cluster, "configmap")) == ("ready", {"settings-3"})


def test_what_is_changed_by_hand_is_set_back_when_a_master_looks(cluster: Deployment) -> None:
    """When its service starts, each master looks; the Event names the field and who changed it."""
    cluster.kubectl("scale", "-n", "shop", "deployment", "web", "--replicas=0")
    master = next(iter(cluster.masters().values()))
    cluster.sh(master, "systemctl restart kubequorum-addons")

    def is_back() -> bool:
        found = json.loads(cluster.kubectl("get", "deployment", "-n", "shop", "web", "-o", "json"))
        return bool(found["spec"]["replicas"])

    cluster.wait_until(is_back, "the Deployment has its replicas again")
    cluster.wait_until(lambda: "spec.replicas" in _events(cluster), "an Event says so")


def _events(cluster: Deployment) -> str:
    return " ".join(
        event["message"] for event in cluster.get("events", "--field-selector", "reason=AddonProblem")
    )


def test_an_addon_that_does_not_become_ready_is_rolled_back(cluster: Deployment) -> None:
    """The deploy fails with its reason in the stack's event, and the set before is applied again."""
    with pytest.raises(CommandError):
        _deploy(cluster, _objects(port=PORT + 1, extra="-bad"), ready_seconds=30)
    reasons = [event.get("ResourceStatusReason", "") for event in cluster.events("Addons")]
    assert any("FAILURE signal with UniqueId shop: not ready within" in reason for reason in reasons)
    cluster.wait_until(lambda: _in_shop(cluster, "configmap") == {"settings-3"}, "the set before is back")
    cluster.wait_until(lambda: _inventory(cluster)["state"] == "ready", "it is ready")


def test_an_addon_that_is_no_longer_wanted_is_removed(cluster: Deployment) -> None:
    """Its objects and its inventory, but not the namespace."""
    cluster.change(addons={"manifests": []})
    _deploy_addons(cluster)
    cluster.wait_until(
        lambda: not cluster.get("configmap", "-n", "kube-system", "-l", "kubequorum/addon"),
        "the inventory is gone",
    )
    assert not _in_shop(cluster, "deployment")
    assert cluster.get("namespace", "--field-selector", "metadata.name=shop")
