"""What a node may write about itself, on a real API server; and what it could without the policy."""

import time
from typing import Any

import pytest

from kubequorum_node.kubernetes import node_admission
from tests.api_server.servers import NODE, ApiServer
from tests.unit.node import examples

_NODES = "/api/v1/nodes"
_NAME = "i-0123456789abcdef0"
_BINDING = f"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/{node_admission.NAME}"
_ZONE = "topology.kubernetes.io/zone"
_VOLUME_ZONE = "topology.ebs.csi.aws.com/zone"
_LABELS = {_ZONE: "eu-central-1a", "workload": "batch", "kubernetes.io/arch": "amd64"}
_PORT = {"kubeletEndpoint": {"Port": 10250}}


def _node(**spec: Any) -> dict[str, Any]:
    """A Node as a kubelet registers it."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": _NAME, "labels": _LABELS},
        "spec": {"providerID": "aws:///eu-central-1a/i-0123456789abcdef0", **spec},
        "status": {"addresses": _addresses("10.20.1.5"), "daemonEndpoints": _PORT},
    }


def _addresses(internal: str, *, hostname: str = _NAME) -> list[dict[str, str]]:
    return [{"type": "InternalIP", "address": internal}, {"type": "Hostname", "address": hostname}]


def _changed(part: str, **values: Any) -> dict[str, Any]:
    node = _node()
    node[part] = {**node[part], **values}
    return node


LIES_AT_REGISTRATION = {
    "a master's address as range": _node(podCIDR="10.20.0.5/32", podCIDRs=["10.20.0.5/32"]),
    "a range of the cluster": _node(podCIDR="10.128.3.0/24"),
    "ranges": _node(podCIDRs=["10.128.3.0/24"]),
    "no provider id": _node(providerID=""),
    "another cloud's provider id": _node(providerID="gce:///x/i-0123456789abcdef0"),
    "another instance's provider id": _node(providerID="aws:///eu-central-1a/i-0fedcba9876543210"),
    "another zone's provider id": _node(providerID="aws:///eu-central-1b/i-0123456789abcdef0"),
    "an address outside the VPC": _changed("status", addresses=_addresses("10.21.1.5")),
    "no address": _changed("status", addresses=_addresses("x")),
    "IPv6": _changed("status", addresses=_addresses("fd00::1")),
    "loopback": _changed("status", addresses=_addresses("127.0.0.1")),
    "two addresses": _changed(
        "status", addresses=[*_addresses("10.20.1.5"), {"type": "InternalIP", "address": "10.20.1.6"}]
    ),
    "another host's name": _changed("status", addresses=_addresses("10.20.1.5", hostname="other")),
    "an external address": _changed("status", addresses=[{"type": "ExternalIP", "address": "10.20.0.5"}]),
    "another port": _changed("status", daemonEndpoints={"kubeletEndpoint": {"Port": 6443}}),
}
LIES_LATER: dict[str, tuple[str, dict[str, Any]]] = {
    "the address of a master": ("/status", {"status": {"addresses": _addresses("10.20.0.5")}}),
    "nonsense as address": ("/status", {"status": {"addresses": _addresses("x")}}),
    "no address any more": (
        "/status",
        {"status": {"addresses": [{"type": "Hostname", "address": _NAME}]}},
    ),
    "another port": ("/status", {"status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 22}}}}),
    "labels by which pods are placed": ("", {"metadata": {"labels": {"workload": "payments"}}}),
    "the label of another zone": ("", {"metadata": {"labels": {_ZONE: "eu-central-1b"}}}),
    "a new label": ("", {"metadata": {"labels": {"gpu": "yes"}}}),
    "a label less": ("", {"metadata": {"labels": {"workload": None}}}),
    "another zone for its volumes": ("/status", {"metadata": {"labels": {_VOLUME_ZONE: "eu-central-1b"}}}),
    "a part of its zone for its volumes": ("", {"metadata": {"labels": {_VOLUME_ZONE: "eu-central-1"}}}),
    "a label by way of the status": ("/status", {"metadata": {"labels": {"gpu": "yes"}}}),
    "a pod range": ("", {"spec": {"podCIDR": "10.128.9.0/24", "podCIDRs": ["10.128.9.0/24"]}}),
}
HONEST: dict[str, tuple[str, dict[str, Any]]] = {
    "its conditions": ("/status", {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}),
    "the same address": ("/status", {"status": {"addresses": _addresses("10.20.1.5")}}),
    "its capacity": ("/status", {"status": {"capacity": {"cpu": "4"}}}),
    "a cordon for its drain": ("", {"spec": {"unschedulable": True}}),
    "an annotation": ("", {"metadata": {"annotations": {"x": "y"}}}),
    "the zone of its volumes": ("/status", {"metadata": {"labels": {_VOLUME_ZONE: "eu-central-1a"}}}),
    "its processor": ("", {"metadata": {"labels": {"kubernetes.io/arch": "arm64"}}}),
}


@pytest.fixture(scope="module")
def cluster(server: ApiServer) -> ApiServer:
    """An API server with what masters write; a node has registered, truthfully."""
    server.apply_shared_objects(examples.DOCUMENT)
    _wait_until(server, active=True)
    reply = server.post(_NODES, _node(), user=NODE)
    assert reply.status == 201, reply
    return server


def _wait_until(server: ApiServer, *, active: bool) -> None:
    """Wait until the policy is in force or not: each API server watches policies."""
    lie = LIES_AT_REGISTRATION["a master's address as range"]
    for _ in range(200):
        if (server.post(f"{_NODES}?dryRun=All", lie, user=NODE).status == 422) is active:
            return
        time.sleep(0.1)
    raise AssertionError(f"the policy did not become {'active' if active else 'inactive'}")


def _refused_by_policy(reply: Any) -> bool:
    return reply.status == 422 and f"ValidatingAdmissionPolicy '{node_admission.NAME}'" in reply.message


@pytest.mark.parametrize("lie", LIES_AT_REGISTRATION)
def test_a_lie_at_registration_is_refused(cluster: ApiServer, lie: str) -> None:
    """By the policy, and before anything is stored."""
    reply = cluster.post(f"{_NODES}?dryRun=All", LIES_AT_REGISTRATION[lie], user=NODE)
    assert _refused_by_policy(reply), reply


@pytest.mark.parametrize("lie", LIES_LATER)
def test_a_lie_later_is_refused(cluster: ApiServer, lie: str) -> None:
    """A node that has registered truthfully may not change its mind."""
    place, change = LIES_LATER[lie]
    reply = cluster.patch(f"{_NODES}/{_NAME}{place}?dryRun=All", change, user=NODE)
    assert _refused_by_policy(reply), reply


@pytest.mark.parametrize("change", HONEST)
def test_what_kubelets_write_is_accepted(cluster: ApiServer, change: str) -> None:
    """All day long."""
    place, values = HONEST[change]
    reply = cluster.patch(f"{_NODES}/{_NAME}{place}?dryRun=All", values, user=NODE)
    assert reply.status == 200, reply


def test_others_are_not_concerned(cluster: ApiServer) -> None:
    """The controller manager gives the range, and people label nodes."""
    change = {"metadata": {"labels": {"gpu": "yes"}}, "spec": {"podCIDR": "10.128.9.0/24"}}
    assert cluster.patch(f"{_NODES}/{_NAME}?dryRun=All", change).status == 200


def test_without_the_policy_the_lies_are_accepted(cluster: ApiServer) -> None:
    """All but those that Kubernetes itself refuses: so it is the policy that refuses them. Runs last."""
    assert cluster.ask("DELETE", _BINDING).status == 200
    _wait_until(cluster, active=False)
    name = {"metadata": {"name": _NAME, "labels": _LABELS}}
    cluster.ask("DELETE", f"{_NODES}/{_NAME}")
    accepted = {
        lie for lie, node in LIES_AT_REGISTRATION.items()
        if cluster.post(f"{_NODES}?dryRun=All", {**node, **name}, user=NODE).status == 201
    }  # fmt: skip
    assert len(accepted) >= len(LIES_AT_REGISTRATION) - 1, set(LIES_AT_REGISTRATION) - accepted
    assert cluster.post(_NODES, _node(), user=NODE).status == 201
    later = {
        lie for lie, (place, change) in LIES_LATER.items()
        if cluster.patch(f"{_NODES}/{_NAME}{place}?dryRun=All", change, user=NODE).status == 200
    }  # fmt: skip
    assert later == set(LIES_LATER)
