"""Objects that masters write into the cluster; tests/api_server has them on a real API server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.host import CommandError
from kubequorum_node.kubernetes import shared_objects
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

_KUBECTL = "/usr/local/bin/kubectl"


class _Cluster:
    """What kubectl finds, and what it is asked to do."""

    def __init__(self, node: FakeNode, *labelled: str) -> None:
        self.applied: list[dict[str, Any]] = []
        self.unlabelled: list[str] = []
        self.failures = 0
        self._labelled = labelled
        node.host.on(_KUBECTL, self._kubectl)

    def _kubectl(self, command: tuple[str, ...], stdin: str | None) -> str:
        if self.failures:
            self.failures -= 1
            raise CommandError("the API server has just started")
        if "apply" in command:
            self.applied = json.loads(stdin or "")["items"]
        if "label" in command:
            self.unlabelled.append(command[command.index("namespace") + 1])
            assert command[-2:] == ("pod-security.kubernetes.io/enforce-", "kubequorum-pod-security-")
        return json.dumps({"items": [{"metadata": {"name": name}} for name in self._labelled]})


def test_all_of_them_are_applied(tmp_path: Path) -> None:
    """RBAC, the policies about nodes and about pods' roles with their bindings, the file's namespaces."""
    node = FakeNode(tmp_path)
    cluster = _Cluster(node)
    shared_objects.apply(node, seconds=10)
    kinds = [item["kind"] for item in cluster.applied]
    assert kinds == [
        "ClusterRole",
        "ClusterRoleBinding",
        # The approver's.
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        # Names of nodes that are gone.
        "ConfigMap",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "Namespace",
        "Namespace",
        # CoreDNS's.
        "PodDisruptionBudget",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
    ]
    found = [item for item in cluster.applied if item["kind"] == "Namespace"]
    labels = {item["metadata"]["name"]: item["metadata"]["labels"] for item in found}
    assert labels["payments"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["monitoring"]["pod-security.kubernetes.io/enforce"] == "privileged"


def test_a_namespace_that_left_the_cluster_file_gets_the_default_again(tmp_path: Path) -> None:
    """Its own label would otherwise stay for ever; namespaces that people labelled are left alone."""
    node = FakeNode(tmp_path)
    cluster = _Cluster(node, "payments", "former")
    shared_objects.apply(node, seconds=10)
    assert cluster.unlabelled == ["former"]


def test_an_api_server_that_has_just_started_is_asked_again(tmp_path: Path) -> None:
    """For a while, and not for ever."""
    node = FakeNode(tmp_path)
    cluster = _Cluster(node)
    cluster.failures = 2
    shared_objects.apply(node, seconds=10)
    assert cluster.applied
    cluster.failures = 1000
    with pytest.raises(WaitError, match="has just started"):
        shared_objects.apply(node, seconds=10)


def test_nodes_may_ask_whether_calico_is_there(tmp_path: Path) -> None:
    """By its name and in its namespace alone; with the built-in network there is nothing to ask for."""
    assert shared_objects.network_reader(FakeNode(tmp_path / "builtin")) == []
    node = FakeNode(tmp_path, document=replace(examples.DOCUMENT, network_plugin="calico"))
    role, binding = shared_objects.network_reader(node)
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "kube-system")
    assert role["rules"] == [
        {
            "apiGroups": ["apps"],
            "resources": ["daemonsets"],
            "resourceNames": ["calico-node"],
            "verbs": ["get"],
        }
    ]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert [subject["name"] for subject in binding["subjects"]] == ["system:nodes"]
