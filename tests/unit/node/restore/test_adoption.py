"""Data of another cluster: what is done about them once an API server can read them."""

import json
from typing import Any

import pytest

from kubequorum_node.host import Result
from kubequorum_node.restore import adoption
from kubequorum_node.restore.adoption import NOTE
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

KUBECTL = "/usr/local/bin/kubectl"
TOKEN = "kubernetes.io/service-account-token"


class Api:
    """Objects by resource, as kubectl gets and replaces them."""

    def __init__(self, node: FakeNode) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {
            "secrets": [
                {"kind": "Secret", "type": "Opaque", "data": {"token": "a", "b": "c"}},
                {"kind": "Secret", "type": TOKEN, "data": {"token": "a", "ca.crt": "c"}},
                {"kind": "Secret", "type": TOKEN, "data": {"token": "a"}, "immutable": True},
            ],
            "configmaps": [{"kind": "ConfigMap", "n": number} for number in range(450)],
            "persistentvolumes": [
                {"kind": "PersistentVolume", "spec": {"persistentVolumeReclaimPolicy": policy, "csi": {}}}
                for policy in ("Delete", "Retain")
            ],
        }
        self.replaced: list[list[dict[str, Any]]] = []
        self.conflicts = 0
        node.host.on(KUBECTL, self._run)

    def _run(self, command: tuple[str, ...], stdin: str | None) -> Result:
        words = [word for word in command[1:] if not word.startswith("--")]
        if words[0] == "get":
            if words[1] not in self.objects:
                return Result(1, "", f'error: the server doesn\'t have a resource type "{words[1]}"')
            return Result(0, json.dumps({"items": self.objects[words[1]]}))
        assert words == ["replace", "-f", "-"]
        if self.conflicts:
            self.conflicts -= 1
            return Result(1, "", "the object has been modified")
        self.replaced.append(json.loads(stdin or "")["items"])
        return Result(0, "")

    def written(self, kind: str) -> list[dict[str, Any]]:
        """All that was written of a kind."""
        return [item for items in self.replaced for item in items if item["kind"] == kind]


@pytest.fixture
def api(node: FakeNode) -> Api:
    """An API server with some objects."""
    return Api(node)


def _adopt(node: FakeNode) -> SimulatedEtcd:
    etcd = SimulatedEtcd(node)
    etcd.keys[NOTE] = "1"
    adoption.finish(node)
    return etcd


def test_without_the_note_nothing_is_done(node: FakeNode, api: Api) -> None:
    """In every other boot."""
    SimulatedEtcd(node)
    adoption.finish(node)
    assert node.host.ran(KUBECTL) == []


def test_all_that_is_encrypted_is_written_again(node: FakeNode, api: Api) -> None:
    """In parts, as it is; then the note is gone, and it is not done again."""
    etcd = _adopt(node)
    assert api.written("ConfigMap") == api.objects["configmaps"]
    assert max(len(items) for items in api.replaced) <= 200
    assert etcd.keys == {}
    before = len(api.replaced)
    adoption.finish(node)
    assert len(api.replaced) == before


def test_tokens_of_the_other_cluster_are_made_again(node: FakeNode, api: Api) -> None:
    """Its key has signed them: the controller manager fills in what lacks. Other Secrets are as they were."""
    _adopt(node)
    opaque, token, immutable = api.written("Secret")
    assert opaque == api.objects["secrets"][0]
    assert token["data"] == {"ca.crt": "c"}
    assert immutable == api.objects["secrets"][2], "it could not be changed"


def test_volumes_that_are_the_others_are_never_deleted(node: FakeNode, api: Api) -> None:
    """Only those are written whose claim would take them with it."""
    _adopt(node)
    (volume,) = api.written("PersistentVolume")
    assert volume["spec"] == {"persistentVolumeReclaimPolicy": "Retain", "csi": {}}


def test_another_master_that_does_the_same_is_no_failure(node: FakeNode, api: Api) -> None:
    """One of two writes of an object is refused: it is read and written again."""
    api.conflicts = 2
    assert _adopt(node).keys == {}
    assert len(api.written("ConfigMap")) == 450


def test_a_resource_that_the_cluster_does_not_have_is_passed_over(node: FakeNode, api: Api) -> None:
    """The cluster file may name one that an addon defines later."""
    del api.objects["configmaps"]
    assert _adopt(node).keys == {}


def test_a_failure_does_not_end_the_boot(node: FakeNode, api: Api) -> None:
    """The note stays for the next boot."""
    api.conflicts = 10_000
    assert _adopt(node).keys == {NOTE: "1"}
