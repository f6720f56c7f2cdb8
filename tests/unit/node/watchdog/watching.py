"""A master under a watchdog, for tests: they say how it is, and let time pass."""

from kubequorum_node.watchdog.diagnosis import Findings
from kubequorum_node.watchdog.watch import LOOK_SECONDS, Watchdog
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import SimulatedNode
from tests.unit.node.watchdog.test_diagnosis import WELL


class WatchedMaster:
    """A watchdog over a master that is as the test says."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.master = SimulatedNode.in_service(node)
        self.findings: Findings = WELL
        self.forgotten = 0
        self.watchdog = Watchdog(node, lambda: self.findings, reset=self._forget)

    def watch(self, seconds: float, findings: Findings | None = None) -> None:
        """Let time pass."""
        self.findings = findings or self.findings
        end = self.node.clock.now() + seconds
        while self.node.clock.now() < end:
            self.watchdog.tick()
            self.node.clock.sleep(LOOK_SECONDS)

    def reports(self) -> int:
        """How often the master reported itself unhealthy."""
        return len(self.node.aws.asked("set_instance_health"))

    def outcome(self) -> str:
        """What its slot's record says."""
        return self.master.record().outcome

    def _forget(self) -> None:
        self.forgotten += 1
