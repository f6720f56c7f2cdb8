"""The API as a node's kubelet sees it."""

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.kubernetes import kubelet
from kubequorum_node.kubernetes.api_access import CertificateFile
from kubequorum_node.kubernetes.api_errors import RefusedError
from kubequorum_node.kubernetes.kubelet import NodeApi
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
