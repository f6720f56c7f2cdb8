"""A master that terminates."""

from functools import partial

import pytest

from kubequorum_node.step import Step
from kubequorum_node.termination import drain, order, steps
from kubequorum_node.termination.order import TimedStep
from kubequorum_node.termination.pods import Pod
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import OWN, SimulatedNode


@pytest.fixture
def master(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> SimulatedNode:
    """A master in slot a that leads etcd; tests of `drain` and of backups have what is replaced here."""
    master = SimulatedNode.in_service(node)
    master.etcd.leader = "a"
    node.aws.lifecycle[OWN] = "Terminating:Wait"
    for operation in ("deregister_targets", "detach_volume", "complete_lifecycle_action"):
        node.aws.first(operation, partial(master.log.append, operation))

    class _Drain(drain.Drain):
        def cordon(self) -> None:
            master.log.append("cordoned")

        def evict_all(self) -> list[Pod]:
            return []

    monkeypatch.setattr(drain, "Drain", _Drain)
    backup = Step(steps.TAKE_BACKUP.name, "", lambda _: master.log.append("backed up"))
    plan = [TimedStep(backup, 5) if todo.step is steps.TAKE_BACKUP else todo for todo in order.MASTER]
    monkeypatch.setattr(order, "MASTER", plan)
    return master
