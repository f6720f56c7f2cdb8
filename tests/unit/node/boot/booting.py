"""A master that boots, for tests of whole boots: their fixtures are imported by name."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.kubernetes import credentials
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from kubequorum_node.system import packages, programs
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Root, with all programs on the image, and a CA set that is made at once."""
    others = set(threading.enumerate())
    monkeypatch.delenv("KUBEQUORUM_FAIL_STEP", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_is_there", lambda *_: True)
    monkeypatch.setattr(programs, "is_installed", lambda *_: True)
    monkeypatch.setattr("kubequorum_node.kubernetes.kubelet.wait_until_ready", lambda _: None)
    monkeypatch.setattr("kubequorum_node.kubernetes.first_certificate._signed", lambda *_: "CERTIFICATE\n")
    names = [
        *(f"{n}.{e}" for n in ("ca", "etcd/ca", "front-proxy-ca") for e in ("crt", "key")),
        "sa.key",
        "sa.pub",
    ]
    made = CaSet(files=dict.fromkeys(names, "AAAA"), encryption_key="a2V5")
    monkeypatch.setattr(ca_set, "create", lambda _: made)
    yield
    # A boot that fails leaves its other lanes alone: they must not go on when the fakes are gone.
    # One may just be starting another.
    while left := set(threading.enumerate()) - others:
        for lane in left:
            if lane.is_alive():
                lane.join(timeout=60)


@pytest.fixture
def master(node: FakeNode) -> SimulatedNode:
    """A master in slot a, before its first boot."""
    return SimulatedNode(node)


def rebooted(master: SimulatedNode) -> FakeNode:
    """The same host after a restart: nothing is mounted, and no static pod runs yet."""
    node = master.node
    master.pods.lose_power()
    return node


def successor_of(first: SimulatedNode, folder: Path) -> SimulatedNode:
    """Another instance, another disk, the same volume with etcd's data on it."""
    node = FakeNode(folder / "successor")
    successor = SimulatedNode(node)
    node.aws.objects = first.node.aws.objects
    node.identity = replace(examples.IDENTITY, instance_id="i-0bbbbbbbbbbbbbbbb")
    node.aws.lifecycle[node.identity.instance_id] = "Pending:Wait"
    successor.put_data()
    return successor


def with_join_material(worker: FakeNode) -> SimulatedNode:
    """A worker whose group waits for it, in a cluster whose masters have published what it needs."""
    master = SimulatedNode(worker)
    expires = "2999-01-01T00:00:00Z"
    material = JoinMaterial(
        token=credentials.new_token(),
        ca="CA",
        ca_hash="sha256:0",
        endpoint="api:6443",
        expires=expires,
        kubernetes=worker.document.kubernetes_version,
    )
    worker.aws.objects[JOIN_KEY] = material.to_json().encode()
    worker.aws.resources["WorkersBatchGroup"] = "UPDATE_IN_PROGRESS"
    return master
