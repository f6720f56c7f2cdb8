"""A Node object with others' addresses that came past admission: no machine routes anything to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deploy.deployment import Deployment
from tests.kubernetes.attacks.attacker import Attacker, workers
from tests.kubernetes.attacks.impostor import run_there

pytestmark = pytest.mark.deploy

_DAEMON = "kubequorum-pod-network"
_POSSIBLE = "10.244.254.0/24"
"""A range that no node has; a route to it shows that the daemon has read the Node objects."""


@contextmanager
def _node(cluster: Deployment, name: str, *, pod_range: str, address: str) -> Iterator[None]:
    """A Node that an administrator wrote: to them the policy does not apply."""
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name},
            "spec": {"podCIDR": pod_range, "podCIDRs": [pod_range], "unschedulable": True},
        }
    )
    status = json.dumps({"status": {"addresses": [{"type": "InternalIP", "address": address}]}})
    try:
        cluster.kubectl("patch", "node", name, "--subresource=status", "--type=merge", f"--patch={status}")
        yield
    finally:
        cluster.kubectl("delete", "node", name, "--ignore-not-found")


def _routes(cluster: Deployment, instance_id: str) -> list[str]:
    shown = cluster.sh(instance_id, "ip -json route show dev kubequorum-vx")
    return [route["dst"] for route in json.loads(shown)]


def _machines(cluster: Deployment) -> list[str]:
    return [*cluster.masters().values(), *(worker.instance_id for worker in workers(cluster))]


def _daemons_restarted(cluster: Deployment) -> dict[str, str]:
    show = "systemctl show --property=NRestarts,ActiveState kubequorum-pod-network"
    return {instance_id: cluster.sh(instance_id, show) for instance_id in _machines(cluster)}


def test_lies_are_ignored_and_reported_and_no_daemon_ends(cluster: Deployment, worker: Attacker) -> None:
    """A master's address, a pod's, another node's range, everything, and an address that is none."""
    master = cluster.described_master("a")["PrivateIpAddress"]
    taken = next(n for n in cluster.get("nodes") if n["metadata"]["name"] == worker.node_name)["spec"][
        "podCIDR"
    ]
    lies = {
        "master": (f"{master}/32", "10.77.0.98"),
        "world": ("0.0.0.0/1", "10.77.0.98"),
        "pod": (taken.replace(".0/24", ".7/32"), "10.77.0.98"),
        "double": (taken, "10.77.0.98"),
        "nonsense": ("10.244.253.0/24", "x"),
        "outside": ("10.244.252.0/24", "192.0.2.1"),
    }
    daemons = _daemons_restarted(cluster)
    before = {instance_id: set(_routes(cluster, instance_id)) for instance_id in _machines(cluster)}
    with _all_of(cluster, lies), _node(cluster, "possible", pod_range=_POSSIBLE, address="10.77.0.97"):
        for instance_id, routes in before.items():
            # Nodes are read in the order in which they were written: the lies came before it.
            _wait_for_routes(cluster, instance_id, routes | {_POSSIBLE})
        for name in lies:
            _wait_for_event(cluster, name)
    assert _daemons_restarted(cluster) == daemons
    for instance_id, routes in before.items():
        _wait_for_routes(cluster, instance_id, routes)


def test_a_machine_that_believes_nodes_sends_a_masters_traffic_away(
    cluster: Deployment, worker: Attacker
) -> None:
    """The same lie, read without the checks: what is meant for that master leaves by the pod network."""
    master = cluster.described_master("a")["PrivateIpAddress"]
    before = set(_routes(cluster, worker.instance_id))
    leads = f"ip -json route get {master}"
    with _node(cluster, "master", pod_range=f"{master}/32", address="10.77.0.98"):
        cluster.sh(worker.instance_id, f"systemctl stop {_DAEMON}")
        try:
            run_there(cluster, worker.instance_id, "credulous.py")
            (route,) = json.loads(cluster.sh(worker.instance_id, leads))
            assert route["dev"] == "kubequorum-vx"
            entries = json.loads(cluster.sh(worker.instance_id, "bridge -json fdb show dev kubequorum-vx"))
            assert "10.77.0.98" in {entry.get("dst") for entry in entries}, "packed to the liar's address"
        finally:
            cluster.sh(worker.instance_id, f"systemctl start {_DAEMON}")
        # The real one takes it back.
        _wait_for_routes(cluster, worker.instance_id, before)
        (route,) = json.loads(cluster.sh(worker.instance_id, leads))
        assert route["dev"] != "kubequorum-vx"


def _wait_for_routes(cluster: Deployment, instance_id: str, wanted: set[str]) -> None:
    cluster.wait_until(lambda: set(_routes(cluster, instance_id)) == wanted, f"{instance_id} routes {wanted}")


def _wait_for_event(cluster: Deployment, name: str) -> None:
    selector = f"--field-selector=reason=NodeIgnored,involvedObject.name={name}"
    cluster.wait_until(
        lambda: bool(cluster.get("events", "-n", "default", selector)), f"an Event about {name}"
    )


@contextmanager
def _all_of(cluster: Deployment, lies: dict[str, tuple[str, str]]) -> Iterator[None]:
    if not lies:
        yield
        return
    (name, (pod_range, address)), *rest = lies.items()
    with _node(cluster, name, pod_range=pod_range, address=address), _all_of(cluster, dict(rest)):
        yield
