"""A worker that lies about itself, with nothing but its kubelet's certificate."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubequorum_node.kubernetes.node_admission import NAME
from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker, as_administrator, masters_addresses

pytestmark = pytest.mark.deploy

_BINDING = f"validatingadmissionpolicybinding/{NAME}"
_REFUSED = f"ValidatingAdmissionPolicy '{NAME}'"


@contextmanager
def _without_policy(cluster: Deployment, worker: Attacker) -> Iterator[None]:
    """Delete the binding, until all API servers have noticed; put it back the same way."""
    binding = json.loads(cluster.kubectl("get", _BINDING, "-o", "json"))
    bare = {key: binding[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": NAME}}
    cluster.kubectl("delete", _BINDING)
    try:
        cluster.wait_until(lambda: all(_accepted(worker)), "no API server enforces the policy")
        yield
    finally:
        cluster.apply(bare)
        cluster.wait_until(lambda: not any(_accepted(worker)), "all API servers enforce the policy")


def _accepted(worker: Attacker) -> list[bool]:
    """Whether each API server accepts a lie: each hears of a change for itself."""
    return [
        worker.change_own_status(_MASTERS_ADDRESS, server=address).succeeded
        for address in masters_addresses(worker.cluster)
    ]


_MASTERS_ADDRESS: dict[str, Any] = {"addresses": [{"type": "InternalIP", "address": "10.77.0.99"}]}
_LIES: dict[str, dict[str, Any]] = {
    "another address of the VPC": _MASTERS_ADDRESS,
    "nonsense": {"addresses": [{"type": "InternalIP", "address": "x"}]},
    "IPv6": {"addresses": [{"type": "InternalIP", "address": "fd00::1"}]},
    "an external address": {"addresses": [{"type": "ExternalIP", "address": "10.77.0.99"}]},
    "another kubelet's port": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 22}}},
}


def test_it_cannot_say_that_it_is_elsewhere(cluster: Deployment, worker: Attacker) -> None:
    """Logs and exec of its pods, and the traffic of others' pods, would go there."""
    assert worker.change_own_status({}).succeeded, "an honest report is accepted"
    for lie, status in _LIES.items():
        tried = worker.change_own_status(status)
        assert not tried.succeeded, lie
        assert _REFUSED in tried.printed, (lie, tried.printed)
    with _without_policy(cluster, worker):
        assert [lie for lie, status in _LIES.items() if worker.change_own_status(status).succeeded] == list(
            _LIES
        )


def test_it_cannot_attract_pods_that_were_meant_for_others(cluster: Deployment, worker: Attacker) -> None:
    """By labels that workloads select; Kubernetes itself protects only those with its own prefixes."""
    label = ("label", "node", worker.node_name, "workload=payments", "--dry-run=server")
    tried = worker.kubectl(*label)
    assert not tried.succeeded
    assert _REFUSED in tried.printed
    with _without_policy(cluster, worker):
        assert worker.kubectl(*label).succeeded


def test_a_node_cannot_register_with_a_range_of_its_choice(cluster: Deployment, worker: Attacker) -> None:
    """As a node with a certificate for an invented name could: 10.77.0.99/32 would be a master's address."""
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "i-0123456789abcdef0"},
        "spec": {"podCIDR": "10.77.0.99/32", "providerID": "aws:///us-east-1a/i-0123456789abcdef0"},
    }

    def register() -> Any:
        return as_administrator(
            cluster,
            *("create", "--dry-run=server", "-f", "-", "--validate=false"),
            *("--as=system:node:i-0123456789abcdef0", "--as-group=system:nodes"),
            stdin=json.dumps(node),
        )

    tried = register()
    assert not tried.succeeded
    assert _REFUSED in tried.printed
    with _without_policy(cluster, worker):
        assert register().succeeded
