"""A master that terminates."""

from functools import partial

import pytest

from kubequorum_node.termination import drain
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import OWN, SimulatedNode


@pytest.fixture
def master(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> SimulatedNode:
    """A master in slot a that leads etcd; its pods are asked to move by the test of `drain`."""
    master = SimulatedNode.in_service(node)
    master.etcd.leader = "a"
    node.aws.lifecycle[OWN] = "Terminating:Wait"
    for operation in ("deregister_targets", "detach_volume", "complete_lifecycle_action"):
        node.aws.first(operation, partial(master.log.append, operation))

    class _Drain(drain.Drain):
        def cordon(self) -> None:
            master.log.append("cordoned")

        def evict_all(self) -> list[drain.Pod]:
            return []

    monkeypatch.setattr(drain, "Drain", _Drain)
    return master
