"""Addons against a real API server: what the simulated one of the unit tests only believes."""

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from kubequorum.addons import addon_set
from kubequorum_node.addons.decision import LOOK_SECONDS
from kubequorum_node.addons.install import Workshop
from kubequorum_node.addons.inventory import Inventories, State
from kubequorum_node.addons.reconcile import Reconciler, Result
from kubequorum_node.addons.wanted import Wanted
from kubequorum_node.kubernetes.api_connection import Answer, Request
from kubequorum_node.kubernetes.object_client import ObjectClient
from kubequorum_node.kubernetes.objects import Ref
from tests.api_server.servers import ADMINISTRATOR, ApiServer
from tests.synthesis import load_variant
from tests.unit.node.addons.masters import addon, custom, namespace, wanted
from tests.unit.node.fakes import FakeClock


class _Connection:
    """Requests of the node program, sent with the server's own way of access."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    def exchange(self, request: Request) -> Answer:
        """Send a request."""
        path = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
        reply = self._server.ask(
            request.method, path, request.body, user=ADMINISTRATOR, kind=request.content_type
        )
        body = reply.body if isinstance(reply.body, dict) else {"message": reply.body}
        return Answer(status=reply.status, body=body)


class _Master:
    def __init__(self, server: ApiServer) -> None:
        self.said: list[str] = []
        self.clock = FakeClock()
        self.api = ObjectClient(_Connection(server))
        self.inventories = Inventories(self.api)
        shop = Workshop(
            api=self.api,
            inventories=self.inventories,
            objects_of=lambda addon: addon.objects,
            clock=_RealWaits(self.clock),
            me="i-0000000000000000a",
            tell=self.said.append,
        )
        self._reconciler = Reconciler(shop, warn=self.said.append)

    def turn(self, wanted: Wanted, *, after: float = 10.0) -> Result:
        """Look once, some seconds after the last time."""
        self.clock.seconds += after
        return self._reconciler.turn(wanted)


class _RealWaits(FakeClock):
    """The clock of a test, but waits for the API server are real."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        super().__init__()

    def now(self) -> float:
        """Seconds of the test's clock."""
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        """Pause, on both clocks."""
        time.sleep(seconds)
        self._clock.seconds += seconds


@pytest.fixture
def master(server: ApiServer) -> Iterator[_Master]:
    """A master; the cluster has no addon before and after."""
    found = _Master(server)
    yield found
    assert found.turn(wanted(written=1e9), after=100).ready
    assert not found.inventories.read()


def _settings(name: str, **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "apps"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _deployment(app: str) -> dict[str, Any]:
    """No pods: nothing runs them here."""
    pod = {"containers": [{"name": "c", "image": "example.com/c:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "apps"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": app}},
            "template": {"metadata": {"labels": {"app": app}}, "spec": pod},
        },
    }


def _definition() -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Thing", "plural": "things", "singular": "thing"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


@pytest.mark.parametrize("cluster", ["dev", "ha", "load-balancers", "autoscaled", "volumes", "dashboard"])
def test_the_api_server_takes_all_objects_of_our_addons(master: _Master, cluster: str) -> None:
    """Nothing is invalid or refused by an admission plugin; a second time nothing changes."""
    which = wanted(*addon_set(load_variant(cluster)).addons)
    assert which.addons.addons
    assert not master.turn(which).failure
    states = {found.addon: found.state for found in master.inventories.read().values()}
    # Their pods do not run.
    assert set(states.values()) <= {State.APPLIED, State.READY}
    objects = [(each, one.name) for one in which.addons.addons for each in one.objects]
    before = [master.api.get(Ref.of(each)) for each, _ in objects]
    assert all(before)
    for each, name in objects:
        master.api.apply({**each, "metadata": {**each["metadata"], "labels": _labels(each, name)}})
    after = [master.api.get(Ref.of(each)) for each, _ in objects]
    versions = [[found["metadata"]["resourceVersion"] for found in all_ if found] for all_ in (before, after)]
    assert versions[0] == versions[1]


def _labels(each: Mapping[str, Any], name: str) -> dict[str, str]:
    return {**each["metadata"]["labels"], "kubequorum/addon": name}


def test_a_kind_and_an_object_of_it_in_one_addon(master: _Master) -> None:
    """The object is applied when its kind is established: in the same turn."""
    thing = {**custom("Thing", "one")}
    assert master.turn(wanted(addon("x", thing, _definition(), namespace("apps")))).ready
    assert master.api.get(Ref.of(thing))


def test_changes_by_hand_are_set_back_and_those_of_others_stay(master: _Master, server: ApiServer) -> None:
    """The field manager owns what the addon says, and nothing else."""
    which = wanted(addon("x", namespace("apps"), _settings("a", ours="1")))
    assert master.turn(which).ready
    path = "/api/v1/namespaces/apps/configmaps/a"
    assert server.patch(path + "?fieldManager=somebody", {"data": {"ours": "2", "theirs": "3"}}).status == 200
    assert master.turn(which, after=LOOK_SECONDS).ready
    assert server.ask("GET", path).body["data"] == {"ours": "1", "theirs": "3"}
    assert any("ConfigMap apps/a: data.ours changed by somebody" in said for said in master.said)
    master.said.clear()
    assert master.turn(which, after=LOOK_SECONDS).ready
    assert master.said == []


def test_a_field_that_the_addon_no_longer_says_is_removed(master: _Master, server: ApiServer) -> None:
    """Because its field manager owned it alone."""
    assert master.turn(wanted(addon("x", namespace("apps"), _settings("a", old="1")))).ready
    assert master.turn(wanted(addon("x", namespace("apps"), _settings("a", new="1")), written=2.0)).ready
    assert server.ask("GET", "/api/v1/namespaces/apps/configmaps/a").body["data"] == {"new": "1"}


def test_an_object_with_a_field_that_cannot_change_is_recreated(master: _Master, server: ApiServer) -> None:
    """The API server's words for it are those that the node program looks for."""
    path = "/apis/apps/v1/namespaces/apps/deployments/web"
    master.turn(wanted(addon("x", namespace("apps"), _deployment("one"))))
    uid = server.ask("GET", path).body["metadata"]["uid"]
    master.turn(wanted(addon("x", namespace("apps"), _deployment("two")), written=2.0))
    found = server.ask("GET", path).body
    assert found["spec"]["selector"]["matchLabels"] == {"app": "two"}
    assert found["metadata"]["uid"] != uid
    assert any("field is immutable" in said for said in master.said)


def test_an_invalid_object_fails_its_addon_at_once(master: _Master) -> None:
    """With the API server's reason."""
    bad = {**_deployment("one"), "spec": {"replicas": 1}}
    result = master.turn(wanted(addon("x", namespace("apps"), bad)))
    assert "spec.template.spec.containers: Required value" in result.failure


def test_of_two_writes_of_an_inventory_one_is_refused(master: _Master, server: ApiServer) -> None:
    """Also of two that create it."""
    other = _Master(server)
    which = wanted(addon("x", namespace("apps")))
    read = other.inventories.read
    stale = read()
    assert master.turn(which).ready
    other.inventories.read = lambda: dict(stale)  # type: ignore[method-assign]
    assert not other.turn(which).ready
    other.inventories.read = read  # type: ignore[method-assign]
    assert other.turn(which).ready
