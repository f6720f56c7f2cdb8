"""A master that boots, for tests of whole boots: their fixtures are imported by name."""

import os
import threading
from collections.abc import Iterator

import pytest

from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.system import packages, programs
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode

__all__ = ["master", "surroundings"]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Root, with all programs on the image, and a CA set that is made at once."""
    others = set(threading.enumerate())
    monkeypatch.delenv("KUBEQUORUM_FAIL_STEP", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_is_there", lambda *_: True)
    monkeypatch.setattr(programs, "is_installed", lambda *_: True)
    monkeypatch.setattr("kubequorum_node.kubernetes.kubelet.wait_until_ready", lambda _: None)
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
