"""What kubeadm's configuration says in an update of Kubernetes."""

from dataclasses import replace
from typing import Any

import pytest

from kubequorum_node.document import ClusterDocument
from kubequorum_node.kubeadm.cluster_configuration import cluster_configuration, components
from tests.unit.node import examples

_COMPONENTS = ("apiServer", "controllerManager", "scheduler")


def _configuration(document: ClusterDocument) -> dict[str, Any]:
    return cluster_configuration(document, api_load_balancer_name="", service_account_issuer="")


def _flags(document: ClusterDocument, component: str) -> dict[str, str]:
    return {each["name"]: each["value"] for each in _configuration(document)[component]["extraArgs"]}


@pytest.mark.parametrize("component", _COMPONENTS)
def test_the_whole_control_plane_behaves_like_the_version_before(component: str) -> None:
    """Only if the cluster file says so."""
    emulating = replace(examples.DOCUMENT, kubernetes_version="1.37.2", emulated_version="1.36")
    assert _flags(emulating, component)["emulated-version"] == "1.36"
    assert "emulated-version" not in _flags(examples.DOCUMENT, component)


@pytest.mark.parametrize("version", ["1.36.3", "1.37.2"])
def test_etcd_does_not_follow_kubernetes(version: str) -> None:
    """Kubeadm's default image would: 3.7 with Kubernetes 1.37."""
    found = _configuration(replace(examples.DOCUMENT, kubernetes_version=version))
    assert found["etcd"]["local"]["imageTag"] == "3.6.11-0"


def test_api_servers_of_two_versions_find_each_other() -> None:
    """Without the CA of their certificates none forwards what only another one serves."""
    assert _flags(examples.DOCUMENT, "apiServer")["peer-ca-file"] == "/etc/kubernetes/pki/ca.crt"


def test_the_mode_of_kube_proxy_is_never_left_to_kubeadm() -> None:
    """Kubeadm 1.37 would write iptables."""
    _, proxy = components(examples.DOCUMENT)
    assert proxy["mode"] == "nftables"
