"""Calico on real machines as the pod network: the programs themselves, in the version that is built here."""

import json

import pytest

from kubequorum_cli.kubernetes import is_ready
from lab.cluster import MachineError
from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.reachability import ask
from tests.kubernetes.waiting import ready_nodes, worker_names

pytestmark = pytest.mark.deploy

_SYSTEM = ("-n", "kube-system")
_VXLAN_BYTES = 50


def test_calico_is_the_only_pod_network(cluster: Deployment) -> None:
    """The built-in one has left nothing on a master or a worker, and Calico runs on all nodes."""
    for host in (cluster.master("a"), worker_names(cluster)[0]):
        unit = "systemctl is-active kubequorum-pod-network || true"
        shown = cluster.sh(host, f"{unit}; ip -o link; ls /etc/cni/net.d; nft list tables")
        assert shown.startswith("inactive")
        for own in ("kubequorum-vx", "10-kubequorum.conflist", "table ip kubequorum\n"):
            assert own not in shown
        assert "vxlan.calico" in shown
        assert "10-calico.conflist" in shown
    (daemon_set,) = cluster.get("daemonsets", *_SYSTEM, "-l", "k8s-app=calico-node")
    assert daemon_set["status"]["numberReady"] == 5


def test_pods_leave_room_for_the_tunnel(cluster: Deployment, pods: dict[str, str]) -> None:
    """Their MTU is their host's less VXLAN's overhead: a full packet to another node is not cut."""
    worker = worker_names(cluster)[0]
    links = {link["ifname"]: link["mtu"] for link in json.loads(cluster.sh(worker, "ip -json link show"))}
    of_pods = {mtu for name, mtu in links.items() if name.startswith("cali")}
    assert of_pods == {links["ens5"] - _VXLAN_BYTES} == {links["vxlan.calico"]}


def test_without_policies_all_reach_all(cluster: Deployment, pods: dict[str, str]) -> None:
    """On another node, by address, Service and name, from any namespace."""
    for host in (pods["server"], "server", "server.default.svc.cluster.local"):
        assert ask(cluster, "client", host) == "server"
    assert ask(cluster, "stranger", pods["second"], namespace="other") == "second"
    network = cluster.get("ippools.crd.projectcalico.org")
    assert [pool["spec"]["cidr"] for pool in network] == ["10.244.0.0/16"]


def test_a_replaced_master_gets_calico_again(cluster: Deployment, pods: dict[str, str]) -> None:
    """Nobody does anything: its node is Ready with the network, and pods are served meanwhile."""
    before = cluster.master("c")
    cluster.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=before, ShouldDecrementDesiredCapacity=False
    )

    def successor() -> str:
        nodes = cluster.get("nodes", "-l", "node-role.kubernetes.io/control-plane")
        new = [node["metadata"]["name"] for node in nodes if is_ready(node)]
        found = cluster.instances(states=("running",))
        return next(
            (name for name in new if name != before and name in found and name == _in_slot_c(cluster)), ""
        )

    cluster.wait_until(lambda: bool(successor()), "the successor's node is Ready", seconds=240)
    name = successor()
    assert name in ready_nodes(cluster)
    # A node is Ready with the configuration that an init container writes, before the pod itself runs.
    cluster.wait_until(lambda: _phases(cluster, name) == ["Running"], "its calico-node runs", seconds=60)
    assert ask(cluster, "client", pods["second"]) == "second"


def _phases(cluster: Deployment, node: str) -> list[str]:
    on_node = f"--field-selector=spec.nodeName={node}"
    pods = cluster.get("pods", *_SYSTEM, "-l", "k8s-app=calico-node", on_node)
    return [pod["status"]["phase"] for pod in pods]


def _in_slot_c(cluster: Deployment) -> str:
    cluster.forget_groups()
    try:
        return cluster.master("c")
    except MachineError:
        return ""
