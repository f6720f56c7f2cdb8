"""Emptying a node: which pods move, what a PodDisruptionBudget forbids, and where waiting ends."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.kubelet import NodeApi
from kubequorum_node.termination import drain
from kubequorum_node.termination.drain import Drain
from kubequorum_node.termination.pods import Pod
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

NODE = f"/api/v1/nodes/{examples.IDENTITY.node_name}"


def _pod(
    name: str, *, owner: str = "ReplicaSet", phase: str = "Running", mirror: bool = False, grace: int = 30
) -> Pod:
    annotations = {"kubernetes.io/config.mirror": "hash"} if mirror else {}
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-{name}",
            "annotations": annotations,
            "ownerReferences": [{"kind": owner, "controller": True}],
        },
        "spec": {"terminationGracePeriodSeconds": grace},
        "status": {"phase": phase},
    }


def _node(name: str, *, ready: str = "True", unschedulable: bool = False, taint: str = "") -> dict[str, Any]:
    taints = [{"key": taint, "effect": "NoSchedule"}] if taint else []
    return {
        "metadata": {"name": name},
        "spec": {"unschedulable": unschedulable, "taints": taints},
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


class _Api(NodeApi):
    """An API server with some pods on the node. What is evicted or deleted ends after its grace period."""

    def __init__(self, node: FakeNode, *pods: Pod) -> None:
        super().__init__(node)
        self._clock = node.clock
        self.pods = list(pods)
        self.forbidden: set[str] = set()
        self.nodes = [_node(examples.IDENTITY.node_name), _node("other")]
        self.broken: Callable[[], bool] = lambda: False
        self.evicted: list[str] = []
        self.deleted: list[str] = []
        self.graces: dict[str, list[int | None]] = {}
        self.events: list[str] = []
        self.patched: list[tuple[str, dict[str, Any]]] = []
        self.ends: dict[str, float] = {}

    def get(self, path: str) -> Any:
        if path == "/api/v1/nodes":
            return {"items": self.nodes}
        assert path == f"/api/v1/pods?fieldSelector=spec.nodeName%3D{examples.IDENTITY.node_name}"
        if self.broken():
            raise ApiError("connection refused")
        now = self._clock.now()
        self.pods = [pod for pod in self.pods if now < self.ends.get(pod["metadata"]["name"], now + 1)]
        return {"items": self.pods}

    def patch(self, path: str, change: dict[str, Any]) -> None:
        self.patched.append((path, change))

    def create(self, path: str, document: dict[str, Any]) -> None:
        if path == "/api/v1/namespaces/default/events":
            self.events.append(f"{document['reason']}: {document['message']}")
            return
        name = document["metadata"]["name"]
        assert path == f"/api/v1/namespaces/default/pods/{name}/eviction"
        if name in self.forbidden:
            raise ApiError("Cannot evict pod as it would violate the pod's disruption budget.", status=429)
        self.evicted.append(name)
        self._end(name, document["deleteOptions"])

    def delete(self, path: str, options: dict[str, Any]) -> None:
        name = path.removeprefix("/api/v1/namespaces/default/pods/")
        assert (options["apiVersion"], options["kind"]) == ("v1", "DeleteOptions")
        self.deleted.append(name)
        self._end(name, options)

    def _end(self, name: str, options: dict[str, Any]) -> None:
        assert options["preconditions"] == {"uid": f"uid-{name}"}
        (pod,) = [pod for pod in self.pods if pod["metadata"]["name"] == name]
        grace = options.get("gracePeriodSeconds")
        self.graces.setdefault(name, []).append(grace)
        seconds = pod["spec"]["terminationGracePeriodSeconds"] if grace is None else grace
        self.ends[name] = self._clock.now() + seconds
        at = datetime.fromtimestamp(self._clock.wall_time() + seconds, UTC)
        pod["metadata"]["deletionTimestamp"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _wait(worker: FakeNode, api: _Api, *, seconds: float = 1800.0) -> int:
    """How often the hook was extended."""
    extended: list[float] = []
    Drain(worker, api=api).wait_until_empty(
        seconds=seconds, extend_hook=lambda: extended.append(worker.clock.now())
    )
    return len(extended)


def test_pods_are_evicted_except_those_of_the_node(worker: FakeNode) -> None:
    """What a DaemonSet, a static pod or a pod that has ended has on the node stays, and is not waited for."""
    api = _Api(
        worker,
        _pod("web"),
        _pod("alone", owner="none"),
        _pod("agent", owner="DaemonSet"),
        _pod("static", mirror=True),
        _pod("job", owner="Job", phase="Succeeded"),
    )
    assert _wait(worker, api) == 0
    assert api.evicted == ["web", "alone"]
    assert [pod["metadata"]["name"] for pod in api.pods] == ["agent", "static", "job"]


def test_a_node_is_cordoned_first(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the scheduler would put back what was evicted."""
    api = _Api(worker, _pod("web"))
    monkeypatch.setattr(drain, "NodeApi", lambda _: api)
    drain.empty(worker)
    assert api.patched == [(NODE, {"spec": {"unschedulable": True}})]
    assert api.pods == []


def test_a_disruption_budget_is_respected_and_the_eviction_retried(worker: FakeNode) -> None:
    """What it forbids for a while is evicted later; the hook is extended meanwhile."""
    api = _Api(worker, _pod("web"), _pod("db"))
    api.forbidden.add("db")
    begin = worker.clock.now()

    def other_is_ready() -> None:
        if worker.clock.now() > begin + 400:
            api.forbidden.clear()

    worker.clock.on_sleep.append(other_is_ready)
    extended = _wait(worker, api)
    assert api.evicted == ["web", "db"]
    assert api.pods == []
    # The hook's time-out is 300 s: it must never be that long since the last time.
    assert extended >= 3


def test_a_budget_that_never_allows_it_ends_with_the_limit(
    worker: FakeNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """The host then terminates nevertheless, and logs what was left."""
    api = _Api(worker, _pod("db"))
    api.forbidden.add("db")
    begin = worker.clock.now()
    _wait(worker, api, seconds=1800)
    assert 1800 <= worker.clock.now() - begin < 1900
    printed = capsys.readouterr().err
    assert "not within 1800 s; last seen: pods left: default/db" in printed
    assert printed.count("cannot be evicted yet") == 1


@pytest.mark.parametrize(
    "others",
    [
        [],
        [_node("master", taint="node-role.kubernetes.io/control-plane")],
        [_node("leaving", unschedulable=True)],
        [_node("dead", ready="Unknown")],
    ],
)
def test_pods_without_another_node_are_not_waited_for(worker: FakeNode, others: list[dict[str, Any]]) -> None:
    """All workers go at once, with their stack: no other node will take the last pods."""
    api = _Api(worker, _pod("db"))
    api.nodes = [_node(examples.IDENTITY.node_name), *others]
    api.forbidden.add("db")
    begin = worker.clock.now()
    _wait(worker, api)
    assert 180 <= worker.clock.now() - begin < 240


def test_another_node_is_waited_for(worker: FakeNode) -> None:
    """The only worker is replaced: its successor needs a moment."""
    api = _Api(worker, _pod("db"))
    api.nodes = []
    api.forbidden.add("db")
    begin = worker.clock.now()

    def successor() -> None:
        if worker.clock.now() > begin + 120:
            api.nodes = [_node("successor", taint="workload")]
        if worker.clock.now() > begin + 300:
            api.forbidden.clear()

    worker.clock.on_sleep.append(successor)
    _wait(worker, api)
    assert api.pods == []


def test_an_unreachable_api_is_not_waited_for_without_end(worker: FakeNode) -> None:
    """Nothing can move without it."""
    api = _Api(worker, _pod("web"))
    api.broken = lambda: True
    begin = worker.clock.now()
    _wait(worker, api)
    assert 60 < worker.clock.now() - begin < 180


def test_a_short_outage_of_the_api_is_waited_for(worker: FakeNode) -> None:
    """A master is being replaced, too."""
    api = _Api(worker, _pod("web"))
    begin = worker.clock.now()
    api.broken = lambda: worker.clock.now() < begin + 60
    _wait(worker, api)
    assert api.pods == []


def test_the_limit_of_the_clock_ends_a_drain(worker: FakeNode, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever limits all waits of a host limits this one, too."""
    api = _Api(worker, _pod("db"))
    api.forbidden.add("db")
    begin = worker.clock.now()
    worker.clock.limit(50)
    _wait(worker, api)
    assert worker.clock.now() - begin < 55
    assert "pods left: default/db" in capsys.readouterr().err


def test_a_master_evicts_its_pods_and_waits_for_none(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have the time that the rest of the end takes."""
    api = _Api(node, _pod("coredns"))
    monkeypatch.setattr(drain, "NodeApi", lambda _: api)
    begin = node.clock.now()
    drain.begin(node)
    assert (api.evicted, node.clock.now()) == (["coredns"], begin)
