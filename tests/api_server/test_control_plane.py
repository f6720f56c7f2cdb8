"""Who leads, and the pods of each node, as a real API server lists them for the picture."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubequorum_cli.kubernetes import ApiError, Client, look_at_control_plane
from kubequorum_cli.kubernetes.control_plane import Part
from tests.api_server.servers import ApiServer
from tests.kubequorum_cli.test_kubernetes import ACCESS

_PODS = "/api/v1/namespaces/kube-system/pods"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"


def _add_pod(server: ApiServer, name: str, node: str, phase: str, *, component: str = "") -> None:
    """A pod of which a kubelet has reported this phase; it is Ready if it runs."""
    labels = {"component": component, "tier": "control-plane"} if component else {}
    spec = {"nodeName": node, "containers": [{"name": "c", "image": "none"}]}
    made = server.post(
        _PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}
    )
    assert made.status == 201, made
    ready = {"type": "Ready", "status": str(phase == "Running")}
    status = server.patch(f"{_PODS}/{name}/status", {"status": {"phase": phase, "conditions": [ready]}})
    assert status.status == 200, status


@pytest.fixture
def administrator(server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks, asks this server: with a token in place of a certificate."""

    def get(_: object, path: str, headers: Mapping[str, str] | None = None) -> Any:
        reply = server.ask("GET", path, more=headers)
        if reply.status != 200:
            raise ApiError(f"{path} answered with status {reply.status}")
        return reply.body

    monkeypatch.setattr(Client, "__init__", lambda *_: None)
    monkeypatch.setattr(Client, "get", get)


@pytest.mark.usefixtures("administrator")
def test_parts_leaders_and_pods(server: ApiServer) -> None:
    """By labels of static pods, by leases of leader elections, by the table that kubectl shows."""
    server.post("/api/v1/namespaces/kube-system/serviceaccounts", {"metadata": {"name": "default"}})
    _add_pod(server, "etcd-i-a", "i-a", "Running", component="etcd")
    _add_pod(server, "kube-scheduler-i-a", "i-a", "Running", component="kube-scheduler")
    _add_pod(server, "kube-scheduler-i-b", "i-b", "Pending", component="kube-scheduler")
    _add_pod(server, "job", "i-worker", "Succeeded")
    _add_pod(server, "web", "i-worker", "Running")
    lease = {"metadata": {"name": "kube-scheduler"}, "spec": {"holderIdentity": "ip-10-0-0-1_5b0f7c3e"}}
    assert server.post(_LEASES, lease).status == 201
    found = look_at_control_plane(ACCESS)
    assert found.problem == ""
    assert found.parts == [
        Part(name="etcd", node="i-a", ready=True),
        Part(name="kube-scheduler", node="i-a", ready=True),
        Part(name="kube-scheduler", node="i-b", ready=False),
    ]
    assert found.leaders == {"kube-scheduler": "ip-10-0-0-1"}
    assert found.pods == {"i-a": 2, "i-worker": 1}
