"""Network policies, which Calico enforces: more and more of them, and none at the end."""

import json

import pytest

from lab.cluster import MachineError
from tests.deploy.deployment import Deployment
from tests.kubernetes.addons.reachability import (
    TIMED_OUT,
    ask,
    is_cut_off,
    pod,
    policy,
    run,
    wait_until_cut_off,
)
from tests.kubernetes.waiting import worker_names

pytestmark = pytest.mark.deploy

_GROUP = "crd.projectcalico.org/v1"


def test_an_egress_policy_blocks_what_it_should_and_nothing_else(
    cluster: Deployment, pods: dict[str, str]
) -> None:
    """The client may reach one server and names: not the other server, not its master's ports. Others may."""
    dns = {
        "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
        "ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")],
    }
    allowed = {"to": [{"podSelector": {"matchLabels": {"app": "server"}}}]}
    selector = {"matchLabels": {"app": "client"}}
    cluster.apply(policy("client", podSelector=selector, policyTypes=["Egress"], egress=[allowed, dns]))
    wait_until_cut_off(cluster, "client", pods["second"])
    assert is_cut_off(cluster, "client", "second")
    (master,) = [
        address["address"]
        for node in cluster.get("nodes", "-l", "node-role.kubernetes.io/control-plane")[:1]
        for address in node["status"]["addresses"]
        if address["type"] == "InternalIP"
    ]
    assert is_cut_off(cluster, "client", f"{master}:6443")
    assert ask(cluster, "client", pods["server"]) == "server"
    assert ask(cluster, "client", "server") == "server"
    assert ask(cluster, "bystander", pods["second"]) == "second"
    assert TIMED_OUT not in ask(cluster, "bystander", f"{master}:6443")


def test_a_policy_follows_its_pod(cluster: Deployment, pods: dict[str, str]) -> None:
    """To the other worker, where the servers are: with a new address."""
    cluster.kubectl("delete", "pod", "client", "--wait=true")
    run(cluster, pod("client", node=worker_names(cluster)[1]))
    wait_until_cut_off(cluster, "client", pods["second"])
    assert ask(cluster, "client", "server") == "server"


def test_an_ingress_policy_blocks_another_namespace(cluster: Deployment, pods: dict[str, str]) -> None:
    """From the same one, and to other pods, all is as before."""
    same: list[dict[str, object]] = [{"from": [{"podSelector": {}}]}]
    selector = {"matchLabels": {"app": "server"}}
    cluster.apply(policy("server", podSelector=selector, policyTypes=["Ingress"], ingress=same))
    wait_until_cut_off(cluster, "stranger", pods["server"], namespace="other")
    assert ask(cluster, "stranger", pods["second"], namespace="other") == "second"
    assert ask(cluster, "bystander", pods["server"]) == "server"


def test_a_policy_of_calicos_own_denies(cluster: Deployment, pods: dict[str, str]) -> None:
    """For a single address, in all namespaces; which Kubernetes' policies cannot say."""
    deny = {"action": "Deny", "destination": {"nets": [f"{pods['second'].partition(':')[0]}/32"]}}
    spec = {
        "order": 10,
        "selector": "app == 'stranger'",
        "types": ["Egress"],
        "egress": [deny, {"action": "Allow"}],
    }
    metadata = {"name": "default.no-second"}
    policy = {"apiVersion": _GROUP, "kind": "GlobalNetworkPolicy", "metadata": metadata, "spec": spec}
    assert ask(cluster, "stranger", pods["second"], namespace="other") == "second"
    cluster.apply(policy)
    wait_until_cut_off(cluster, "stranger", pods["second"], namespace="other")
    assert ask(cluster, "bystander", pods["second"]) == "second"
    cluster.kubectl("delete", "globalnetworkpolicies.crd.projectcalico.org", "default.no-second")
    cluster.wait_until(
        lambda: ask(cluster, "stranger", pods["second"], namespace="other") == "second",
        "it is reached again",
    )


def test_default_deny_cuts_off_a_namespace(cluster: Deployment, pods: dict[str, str]) -> None:
    """In both directions, but for what other policies allow."""
    both = ["Ingress", "Egress"]
    cluster.apply(policy("default-deny", podSelector={}, policyTypes=both))
    wait_until_cut_off(cluster, "bystander", pods["second"])
    wait_until_cut_off(cluster, "stranger", pods["second"], namespace="other")
    assert ask(cluster, "client", "server") == "server"
    cluster.kubectl("delete", "networkpolicy", "default-deny", "client", "server")
    cluster.wait_until(lambda: ask(cluster, "client", pods["second"]) == "second", "all is open again")


def test_what_calico_may_write_about_others_is_little(cluster: Deployment, pods: dict[str, str]) -> None:
    """Its account changes no status of a pod, and no Node but the one in its token."""
    cluster.apply(*_reader_of_status())
    account = "system:serviceaccount:kube-system:calico-node"
    as_calico = ("--as", account, "--as-group=system:serviceaccounts", "--subresource=status", "--type=merge")
    node = worker_names(cluster)[0]
    for what, change in (
        (("pod", "client"), {"status": {"podIP": "10.244.0.9"}}),
        (("pod", "client"), {"metadata": {"labels": {"app": "server"}}}),
        (("node", node), {"metadata": {"annotations": {"projectcalico.org/IPv4Address": "10.77.0.9/18"}}}),
    ):
        with pytest.raises(MachineError) as refused:
            cluster.kubectl("patch", *what, *as_calico, "-p", json.dumps(change), slot="a")
        assert "kubequorum-calico" in refused.value.why, refused.value.why
    change = {"metadata": {"annotations": {"cni.projectcalico.org/x": "y"}}}
    cluster.kubectl("patch", "pod", "client", *as_calico, "-p", json.dumps(change), slot="a")


def _reader_of_status() -> list[dict[str, object]]:
    """Lets calico-node read what it may change: kubectl does before it changes anything, Calico does not."""
    group, name = "rbac.authorization.k8s.io", "test-reader-of-status"
    rule = {"apiGroups": [""], "resources": ["nodes/status", "pods/status"], "verbs": ["get"]}
    subject = {"kind": "ServiceAccount", "name": "calico-node", "namespace": "kube-system"}
    common = {"apiVersion": f"{group}/v1", "metadata": {"name": name}}
    reference = {"apiGroup": group, "kind": "ClusterRole", "name": name}
    return [
        {**common, "kind": "ClusterRole", "rules": [rule]},
        {**common, "kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]},
    ]
