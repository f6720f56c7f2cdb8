"""What a living cluster cannot change is refused by the first master that would."""

from dataclasses import replace
from pathlib import Path

import pytest

from kubequorum_node.boot import run
from kubequorum_node.document import ClusterDocument
from kubequorum_node.kubeadm import fixed_settings
from kubequorum_node.kubeadm.fixed_settings import KEY, FixedSettingError
from tests.unit.node import examples
from tests.unit.node.boot.booting import master, surroundings
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode
from tests.unit.node.simulation.pods import MANIFESTS

__all__ = ["master", "surroundings"]


def _after(first: FakeNode, folder: Path, document: ClusterDocument) -> FakeNode:
    """A master of the same cluster with another cluster file."""
    node = FakeNode(folder / "next", document=document)
    node.aws.objects = first.aws.objects
    return node


def test_nothing_is_fixed_before_a_master_has_worked(node: FakeNode) -> None:
    """A first deploy that fails may be repeated with another range."""
    fixed_settings.check(node)
    assert KEY not in node.aws.objects


def test_the_first_master_that_works_fixes_them(master: SimulatedNode) -> None:
    """Once: the bucket takes no second write."""
    assert run.boot(master.node) == 0
    (written,) = [put for put in master.node.aws.asked("put_object") if put["Key"] == KEY]
    assert written["IfNoneMatch"] == "*"
    fixed_settings.check(master.node)
    fixed_settings.fix(master.node)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pod_cidr": "10.64.0.0/14"}, "network.pod_cidr is 10.64.0.0/14 and was 10.128.0.0/14"),
        ({"service_cidr": "10.97.0.0/16"}, "network.service_cidr is 10.97.0.0/16 and was 10.96.0.0/16"),
        ({"node_mask_bits": 25}, "pods_per_node .* is /25 and was /24"),
        ({"network_plugin": "calico"}, "network.plugin is calico and was builtin"),
        ({"cluster": "other"}, "name is other and was ha"),
    ],
)
def test_another_value_is_refused_by_its_key(
    node: FakeNode, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    """With both values, and what to do."""
    fixed_settings.fix(node)
    document = replace(examples.DOCUMENT, **change)  # type: ignore[arg-type]
    with pytest.raises(FixedSettingError, match=said):
        fixed_settings.check(_after(node, tmp_path, document))


def test_what_may_change_is_not_compared(node: FakeNode, tmp_path: Path) -> None:
    """A version, labels, fewer pods on a node with the same range."""
    fixed_settings.fix(node)
    document = replace(examples.DOCUMENT, kubernetes_version="1.37.0", pods_per_node=100)
    fixed_settings.check(_after(node, tmp_path, document))


def test_a_refused_master_touches_nothing(master: SimulatedNode, tmp_path: Path) -> None:
    """Its slot's volume, name and record are as before; the stack gets the reason."""
    assert run.boot(master.node) == 0
    document = replace(examples.DOCUMENT, pod_cidr="10.64.0.0/14")
    following = SimulatedNode(_after(master.node, tmp_path, document))
    objects = dict(following.node.aws.objects)
    assert run.boot(following.node) == run.ABANDONED_STATUS
    (signal,) = following.node.aws.signals
    assert "network.pod_cidr" in signal["UniqueId"]
    assert not following.node.aws.asked("attach_volume")
    assert not following.node.aws.asked("change_resource_record_sets")
    assert not list(following.node.host.path(MANIFESTS).glob("*.yaml"))
    assert set(following.node.aws.objects) == set(objects)


def test_of_two_first_masters_one_writes(node: FakeNode) -> None:
    """The other finds it between its look and its write."""
    node.aws.fail("put_object", "PreconditionFailed")
    fixed_settings.fix(node)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "settings": []}'])
def test_an_object_that_cannot_be_read_is_an_error(node: FakeNode, text: str) -> None:
    """Not a reason to go on."""
    node.aws.objects[KEY] = text.encode()
    with pytest.raises(FixedSettingError, match="fixed-settings"):
        fixed_settings.check(node)


def test_a_cluster_older_than_the_key_keeps_its_pod_network(tmp_path: Path) -> None:
    """Its record does not say which one it has: there was one only."""
    node = FakeNode(tmp_path, document=replace(examples.DOCUMENT, network_plugin="calico"))
    node.aws.objects[KEY] = fixed_settings.to_json({"name": "ha"}).encode()
    with pytest.raises(FixedSettingError, match=r"network\.plugin is calico and was builtin"):
        fixed_settings.check(node)
