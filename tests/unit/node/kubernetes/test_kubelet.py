"""The API as a node's kubelet sees it."""

from dataclasses import replace
from pathlib import Path

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.kubernetes import kubelet
from kubequorum_node.kubernetes.api_access import CertificateFile
from kubequorum_node.kubernetes.api_errors import RefusedError
from kubequorum_node.kubernetes.kubelet import NodeApi
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode


def test_a_worker_asks_the_load_balancer_and_a_master_itself(worker: FakeNode, node: FakeNode) -> None:
    """A master's network must not depend on the load balancer."""
    for who, server in ((worker, worker.document.node_api_name), (node, node.identity.address)):
        connection = NodeApi(who)._connection
        assert (connection.server, connection._access) == (
            server,
            CertificateFile(kubelet.CLIENT_CERTIFICATE),
        )


def test_a_node_is_ready_when_its_kubelet_says_so(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before that there is no Node, then one that has reported nothing."""
    answers = [None, {}, {"conditions": [{"type": "Ready", "status": "True"}]}]

    def get(_: NodeApi, path: str) -> object:
        assert path == f"/api/v1/nodes/{worker.identity.node_name}"
        status = answers.pop(0)
        if status is None:
            raise RefusedError("not found", status=404)
        return {"status": status}

    monkeypatch.setattr(NodeApi, "get", get)
    kubelet.wait_until_ready(worker)
    assert answers == []


def test_what_keeps_a_node_from_being_ready_is_in_the_error(
    worker: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kubelet's own words."""
    condition = {"type": "Ready", "status": "False", "message": "cni plugin not initialized"}
    monkeypatch.setattr(NodeApi, "get", lambda *_: {"status": {"conditions": [condition]}})
    with pytest.raises(WaitError, match="cni plugin not initialized"):
        kubelet.wait_until_ready(worker)


_NO_NETWORK = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady"


@pytest.mark.parametrize(
    ("plugin", "message", "daemon_set"),
    [
        ("calico", _NO_NETWORK, False),
        # A new worker of a cluster that has its network gets it, or does not work.
        ("calico", _NO_NETWORK, True),
        ("calico", f"[{_NO_NETWORK}, PLEG is not healthy]", False),
        ("calico", "PLEG is not healthy", False),
        ("builtin", _NO_NETWORK, False),
    ],
)
def test_a_worker_does_not_wait_for_a_network_that_is_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugin: str, message: str, daemon_set: bool
) -> None:
    """The stack Addons brings Calico, and is deployed after the workers: the first row, and no other one."""
    passes = (plugin, message, daemon_set) == ("calico", _NO_NETWORK, False)
    document = replace(examples.WORKER_DOCUMENT, network_plugin=plugin)
    worker = FakeNode(tmp_path, config=examples.WORKER_CONFIG, document=document)

    def get(_: NodeApi, path: str) -> object:
        if path == kubelet.CALICO_DAEMON_SET:
            if not daemon_set:
                raise RefusedError("not found", status=404)
            return {}
        return {"status": {"conditions": [{"type": "Ready", "status": "False", "message": message}]}}

    monkeypatch.setattr(NodeApi, "get", get)
    if passes:
        kubelet.wait_until_ready(worker)
        return
    with pytest.raises(WaitError, match=r"healthy|not ready"):
        kubelet.wait_until_ready(worker)


def test_a_worker_that_may_not_ask_for_calico_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until masters have given nodes the right to."""
    document = replace(examples.WORKER_DOCUMENT, network_plugin="calico")
    worker = FakeNode(tmp_path, config=examples.WORKER_CONFIG, document=document)

    def get(_: NodeApi, path: str) -> object:
        if path == kubelet.CALICO_DAEMON_SET:
            raise RefusedError("forbidden", status=403)
        return {"status": {"conditions": [{"type": "Ready", "status": "False", "message": _NO_NETWORK}]}}

    monkeypatch.setattr(NodeApi, "get", get)
    with pytest.raises(WaitError, match="forbidden"):
        kubelet.wait_until_ready(worker)
