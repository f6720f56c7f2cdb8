"""In an update there are two versions of Kubernetes: which of them a worker may have."""

import json
from dataclasses import replace

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.kubernetes import join, master_versions
from kubequorum_node.kubernetes.credentials import JOIN_KEY
from kubequorum_node.volume import slot_record
from kubequorum_node.volume.slot_record import SlotRecord
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.joining import kubeadm_notes_its_config, material, publish, signer

__all__ = ["signer"]


def test_a_kubelet_is_never_newer_than_an_api_server(worker: FakeNode) -> None:
    """A worker of the next minor version waits until the last master of the update has published its own."""
    worker.document = replace(worker.document, kubernetes_version="1.37.2")
    publish(worker, material(kubernetes="1.36.3"))

    def last_master() -> None:
        if worker.clock.now() > 1200:
            publish(worker, material(kubernetes="1.37.2"))

    worker.clock.on_sleep.append(last_master)
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert worker.clock.now() > 1200
    assert len(seen) == 1


def test_a_newer_kubelet_gives_up_with_both_versions(worker: FakeNode) -> None:
    """Workers were deployed before masters, or a master's zone is gone."""
    worker.document = replace(worker.document, kubernetes_version="1.37.2")
    publish(worker, material(kubernetes="1.36.3"))
    with pytest.raises(WaitError, match=r"kubelet is 1\.37\.2, and a master still runs 1\.36\.3"):
        join.join(worker)


@pytest.mark.parametrize("masters", ["1.36.2", "1.36.4", "1.37.2"])
def test_an_older_kubelet_or_another_patch_joins(worker: FakeNode, masters: str) -> None:
    """In the middle of an update workers that are launched still have the old version."""
    publish(worker, material(kubernetes=masters))
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert len(seen) == 1


def test_material_of_a_later_release_is_read(worker: FakeNode) -> None:
    """In an update new masters publish for workers that are launched with the old release."""
    later = json.loads(material().to_json()) | {"something": "new"}
    worker.aws.objects[JOIN_KEY] = json.dumps(later).encode()
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("others", "lowest"),
    [
        ({}, "1.36.3"),
        ({"b": "1.36.10", "c": "1.37.2"}, "1.36.3"),
        ({"b": "1.35.12", "c": "1.36.3"}, "1.35.12"),
        ({"b": "1.36.2", "c": ""}, "1.36.2"),
    ],
)
def test_the_lowest_version_counts(node: FakeNode, others: dict[str, str], lowest: str) -> None:
    """By the slots' records: dead masters count, too; one whose record does not say it does not."""
    for slot, version in others.items():
        record = SlotRecord(volume="vol-1", generation=1, instance="i-1", stage="member", kubernetes=version)
        node.aws.objects[slot_record.key(slot)] = record.to_json().encode()
    assert master_versions.lowest(node) == lowest


def test_material_of_an_earlier_release_is_waited_out(worker: FakeNode) -> None:
    """Workers of the new release are launched after its masters, which publish again."""
    earlier = json.loads(material().to_json())
    del earlier["kubernetes"]
    worker.aws.objects[JOIN_KEY] = json.dumps(earlier).encode()
    with pytest.raises(WaitError, match="does not say which versions masters run"):
        join.join(worker)


@pytest.mark.parametrize("version", ["1.37", "latest", "1.37.2-rc.1"])
def test_what_is_no_version_is_named(worker: FakeNode, version: str) -> None:
    """With the places where it may be."""
    publish(worker, material(kubernetes=version))
    with pytest.raises(NodeError, match=f"'{version}' is no version of Kubernetes .* join material"):
        join.join(worker)


def test_material_that_is_no_text_is_an_error(worker: FakeNode) -> None:
    """And not compared."""
    wrong = json.loads(material().to_json()) | {"kubernetes": None}
    worker.aws.objects[JOIN_KEY] = json.dumps(wrong).encode()
    with pytest.raises(NodeError, match="kubernetes is no text"):
        join.join(worker)
