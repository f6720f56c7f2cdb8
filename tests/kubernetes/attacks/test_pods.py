"""Somebody who may create pods and Services, and wants the node below them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker, Tried, as_administrator
from tests.kubernetes.attacks.impostor import Impostor
from tests.kubernetes.pods import NETPROBE, run_pod

pytestmark = pytest.mark.deploy

_ENFORCE = "pod-security.kubernetes.io/enforce"
_PODS: dict[str, dict[str, Any]] = {
    "the node's network": {"hostNetwork": True},
    "the node's processes": {"hostPID": True},
    "the node's files": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
    "all rights": {"containers": [{"securityContext": {"privileged": True}}]},
    "a right": {"containers": [{"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}]},
}


def _create(cluster: Deployment, spec: dict[str, Any]) -> Tried:
    container = {"name": "c", "image": NETPROBE, **spec.get("containers", [{}])[0]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "attack-", "namespace": "default"},
        "spec": {**spec, "containers": [container]},
    }
    return as_administrator(cluster, "create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


@contextmanager
def _privileged_namespace(cluster: Deployment) -> Iterator[None]:
    cluster.kubectl("label", "namespace", "default", f"{_ENFORCE}=privileged")
    try:
        yield
    finally:
        cluster.kubectl("label", "namespace", "default", f"{_ENFORCE}-")


def test_a_pod_cannot_take_the_node(cluster: Deployment) -> None:
    """With any of these it would be root on the node within a second."""
    assert _create(cluster, {}).succeeded, "an ordinary pod is admitted"
    for wish, spec in _PODS.items():
        tried = _create(cluster, spec)
        assert not tried.succeeded, wish
        assert 'violates PodSecurity "baseline:latest"' in tried.printed
    with _privileged_namespace(cluster):
        cluster.wait_until(
            lambda: all(_create(cluster, spec).succeeded for spec in _PODS.values()), "all are admitted"
        )


def test_a_service_cannot_take_a_masters_address(cluster: Deployment) -> None:
    """Every node would send what is meant for the API to the Service's pods."""
    address = cluster.described_master("a")["PrivateIpAddress"]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "thief"},
        "spec": {"ports": [{"port": 6443}], "externalIPs": [address]},
    }
    tried = as_administrator(cluster, "create", "--dry-run=server", "-f", "-", stdin=json.dumps(service))
    assert not tried.succeeded
    assert "Use of external IPs is denied" in tried.printed


def test_a_token_stolen_from_a_pod_ends_with_the_pod(cluster: Deployment, worker: Attacker) -> None:
    """It may do nothing by itself, and is nobody's when its pod is gone; one bound to no pod lives on."""
    thief = Impostor(cluster, worker.instance_id)
    container = {"name": "c", "image": NETPROBE, "imagePullPolicy": "Never", "args": ["serve"]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "robbed"},
        "spec": {"nodeName": worker.node_name, "containers": [container]},
    }
    cluster.apply(pod)
    uid = cluster.kubectl("get", "pod", "robbed", "-o", "jsonpath={.metadata.uid}")
    cluster.wait_until(lambda: thief.does("steal_token", pod=uid)["token"] != "", "the pod has its token")
    stolen = thief.does("steal_token", pod=uid)["token"]
    assert thief.does("who_is", token=stolen) == {
        "status": 201,
        "name": "system:serviceaccount:default:default",
    }
    assert thief.does("get", path="/api/v1/namespaces/default/secrets", token=stolen)["status"] == 403
    unbound = cluster.kubectl("create", "token", "default").strip()
    cluster.kubectl("delete", "pod", "robbed", "--now")
    cluster.wait_until(lambda: thief.does("who_is", token=stolen)["status"] == 401, "the token is nobody's")
    assert thief.does("who_is", token=unbound)["status"] == 201


def test_pods_run_with_a_seccomp_filter_and_a_limit_of_processes(
    cluster: Deployment, worker: Attacker
) -> None:
    """Without having asked for either: 2 is a filter (https://docs.kernel.org/filesystems/proc.html)."""
    run_pod(cluster, "filtered", "serve", node=worker.node_name)
    try:
        find = (
            "pid=$(pgrep --full --oldest 'netprobe serve') && grep --word-regexp Seccomp: /proc/$pid/status"
        )
        assert cluster.sh(worker.instance_id, find).split() == ["Seccomp:", "2"]
    finally:
        cluster.kubectl("delete", "pod", "filtered", "--now", "--wait=false")
    path = f"/api/v1/nodes/{worker.node_name}/proxy/configz"
    kubelet = json.loads(cluster.kubectl("get", "--raw", path))["kubeletconfig"]
    assert kubelet["podPidsLimit"] == 4096
    assert kubelet["enableProfilingHandler"] is False
