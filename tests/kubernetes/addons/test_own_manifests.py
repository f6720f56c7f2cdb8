"""Manifests of the user's own on real machines: applied, kept, updated, rolled back and removed.

Whatever becomes of a master.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from kubequorum_cli.errors import CommandError
from lab.cluster import wait_until_healthy
from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.deploying import applied_addons, deploy_addons
from tests.kubernetes.pods import NETPROBE, PORT

pytestmark = pytest.mark.deploy


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
    deploy_addons(cluster)


def _in_shop(cluster: Deployment, kind: str) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.get(kind, "-n", "shop", "-l", "kubequorum/addon")}


def _inventory(cluster: Deployment) -> dict[str, str]:
    found = cluster.kubectl("get", "configmap", "-n", "kube-system", "kubequorum-addon-shop", "-o", "json")
    data: dict[str, str] = json.loads(found)["data"]
    return data


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
    deploy_addons(cluster)
    cluster.wait_until(lambda: applied_addons(cluster) == {"calico"}, "the inventory is gone")
    assert not _in_shop(cluster, "deployment")
    assert cluster.get("namespace", "--field-selector", "metadata.name=shop")
