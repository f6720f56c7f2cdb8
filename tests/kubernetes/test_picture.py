"""The picture of a real cluster: all of it while it is well, and a master that dies and is replaced."""

from collections.abc import Iterator

import pytest

from kubequorum_cli.picture.history import History
from kubequorum_cli.picture.model import Condition, Instance, Picture, Slot
from kubequorum_cli.picture.watch import Watch
from tests.deploy.deployment import Deployment
from tests.kubernetes.waiting import wait_for_nodes

pytestmark = pytest.mark.deploy


@pytest.fixture
def history(cluster: Deployment) -> Iterator[History]:
    """What is seen of the cluster during a test."""
    seen = History()
    watch = Watch(cluster.target, seen)
    watch.start()
    yield seen
    watch.stop()


def _now(history: History) -> Picture | None:
    moments = history.moments()
    return moments[-1].picture if moments else None


def _is_well(history: History) -> bool:
    picture = _now(history)
    return picture is not None and not picture.marks and _instances(picture, Condition.WELL) == 5


def _instances(picture: Picture, condition: Condition) -> int:
    masters = [instance for slot in picture.slots for instance in slot.instances]
    workers = [instance for group in picture.worker_groups for instance in group.instances]
    return sum(instance.condition is condition for instance in [*masters, *workers])


def _slot(picture: Picture, name: str) -> Slot:
    return next(slot for slot in picture.slots if slot.slot == name)


def test_all_of_a_cluster_that_is_well(cluster: Deployment, history: History) -> None:
    """What no test with invented answers can show: the Kubernetes API's own leases and pods."""
    cluster.wait_until(lambda: _is_well(history), "all of it is well")
    picture = _now(history)
    assert picture is not None
    parts = [(slot.slot, part) for slot in picture.slots for i in slot.instances for part in i.parts]
    assert len(parts) == 12
    assert {part.condition for _, part in parts} == {Condition.WELL}
    assert sorted(part.name for _, part in parts if part.leads) == [
        "kube-controller-manager",
        "kube-scheduler",
    ]
    cluster.wait_until(lambda: _pods_are_counted(cluster, history), "pods are counted as they are")
    assert [target.text for target in picture.balancers[0].targets] == ["healthy"] * 3
    etcd = next(flow for flow in picture.flows if flow.port == "tcp 2379-2380")
    assert (etcd.sources, etcd.targets) == (["masters"], ["masters"])


def _pods_are_counted(cluster: Deployment, history: History) -> bool:
    """On each worker; pods of earlier tests may be ending between the two looks."""
    picture = _now(history)
    assert picture is not None
    running = cluster.get("pods", "-A", "--field-selector", "status.phase=Running")
    workers = [worker for group in picture.worker_groups for worker in group.instances]
    counted = {
        worker.id: sum(pod["spec"].get("nodeName") == worker.id for pod in running) for worker in workers
    }
    return len(workers) == 2 and counted == {worker.id: worker.pods for worker in workers}


def test_a_master_without_power_is_seen_and_its_successor_has_the_volume(
    cluster: Deployment, history: History
) -> None:
    """Where it stood, and with a sentence for each thing that happened."""
    cluster.wait_until(lambda: _is_well(history), "all of it is well")
    old = cluster.master("c")
    before = _slot(history.moments()[-1].picture, "c")
    cluster.faults.power_loss(old)
    cluster.wait_until(lambda: cluster.master("c") != old, "it is replaced")
    wait_for_nodes(cluster, 5)
    cluster.wait_until(lambda: _is_well(history), "all of it is well again")
    pictures = [moment.picture for moment in history.moments()]
    seen = [_find(_slot(picture, "c"), old) for picture in pictures]
    assert Condition.BAD in {instance.condition for instance in seen if instance}
    assert {instance.place for instance in seen if instance} == {before.instances[0].place}
    after = _slot(pictures[-1], "c")
    assert before.volume is not None
    assert after.volume is not None
    assert (after.volume.id, after.volume.attached_to) == (before.volume.id, after.instances[0].id)
    sentences = [sentence for moment in history.moments() for sentence in moment.changes]
    assert f"The volume of slot c ({after.volume.id}) is attached to {after.instances[0].id}" in sentences
    assert f"Master c ({old}) is gone" in sentences


def _find(slot: Slot, id_: str) -> Instance | None:
    return next((instance for instance in slot.instances if instance.id == id_), None)
