"""A master comes behind the load balancer, and leaves it: the API is ahead of where connections go."""

import pytest

from kubequorum_node.boot import run, steps
from kubequorum_node.clock import WaitError
from kubequorum_node.kubernetes import load_balancer
from kubequorum_node.kubernetes.load_balancer import LEAVE_SECONDS
from tests.unit.node import examples
from tests.unit.node.boot.booting import master, surroundings
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.node import TARGETS, SimulatedNode

__all__ = ["master", "surroundings"]

NAME = examples.DOCUMENT.node_api_name
OWN = examples.IDENTITY.address
ZONES = ("10.20.0.200", "10.20.64.200", "10.20.128.200")


class _Balancer:
    """One with an address in each zone; each sends every third connection to this master, until told."""

    def __init__(self, node: FakeNode) -> None:
        self.until = dict.fromkeys(ZONES, 0.0)
        """When each of its nodes learns that this master has left."""
        self._node = node
        self._counts = dict.fromkeys(ZONES, 0)
        node.host.names[NAME] = set(ZONES)
        node.host.certificates[OWN] = lambda: b"own"
        for zone in ZONES:
            node.host.certificates[zone] = lambda zone=zone: self._answer(zone)  # type: ignore[misc]

    def _answer(self, zone: str) -> bytes:
        self._counts[zone] += 1
        self._node.clock.seconds += 0.001
        knows = self._node.clock.now() >= self.until[zone]
        return b"another" if knows or self._counts[zone] % 3 else b"own"


@pytest.fixture
def leaving(master: SimulatedNode) -> tuple[FakeNode, _Balancer]:
    """A master that its group ends."""
    node = master.node
    node.aws.lifecycle[examples.IDENTITY.instance_id] = "Terminating"
    node.aws.target_groups = {TARGETS: "healthy"}
    return node, _Balancer(node)


def test_a_master_serves_until_no_connection_comes(leaving: tuple[FakeNode, _Balancer]) -> None:
    """One zone's node of the balancer learns of it two minutes after the API has said `draining`."""
    node, balancer = leaving
    begin = node.clock.now()
    balancer.until |= {ZONES[0]: begin + 30, ZONES[2]: begin + 118}
    load_balancer.leave(node)
    assert begin + 118 < node.clock.now() < begin + 130


def test_a_balancer_that_stops_at_once_costs_seconds(leaving: tuple[FakeNode, _Balancer]) -> None:
    """There is no fixed sleep."""
    node, _ = leaving
    begin = node.clock.now()
    load_balancer.leave(node)
    assert node.clock.now() - begin < 10


def test_a_balancer_that_never_stops_is_not_waited_for_without_end(
    leaving: tuple[FakeNode, _Balancer], capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest of the termination matters more."""
    node, balancer = leaving
    begin = node.clock.now()
    balancer.until = dict.fromkeys(ZONES, float("inf"))
    load_balancer.leave(node)
    assert node.clock.now() - begin < LEAVE_SECONDS + 10
    assert "a connection came" in capsys.readouterr().err


def test_a_balancer_that_does_not_answer_is_one_that_does_not_send(
    leaving: tuple[FakeNode, _Balancer],
) -> None:
    """No name, no answer: clients cannot come that way either."""
    node, _ = leaving
    node.host.names[NAME] = set()
    begin = node.clock.now()
    load_balancer.leave(node)
    assert node.clock.now() - begin < 10


def test_an_api_server_that_is_gone_is_not_waited_for(leaving: tuple[FakeNode, _Balancer]) -> None:
    """There is nothing that could serve."""
    node, balancer = leaving
    node.host.certificates[OWN] = lambda: None
    balancer.until = dict.fromkeys(ZONES, float("inf"))
    begin = node.clock.now()
    load_balancer.leave(node)
    assert node.clock.now() - begin < 10


def _becomes_healthy(node: FakeNode, *, after: float) -> list[float]:
    """The target is `initial` for so long; returns when each signal was sent."""
    begin = node.clock.now()
    signalled: list[float] = []
    node.aws.target_groups = {TARGETS: "initial"}

    def pass_time(arn: str) -> None:
        if node.clock.now() >= begin + after:
            node.aws.target_groups[arn] = "healthy"

    node.aws.drain = pass_time
    node.aws.before["signal_resource"] = [lambda: signalled.append(node.clock.now() - begin)] * 2
    return signalled


def test_an_update_goes_on_when_clients_reach_the_new_master(master: SimulatedNode) -> None:
    """AWS needs minutes for a new target: until then the next master must stay."""
    node = master.node
    node.aws.resources |= {"MasterAGroup": "UPDATE_IN_PROGRESS", "ControlPlaneReady": "CREATE_COMPLETE"}
    signalled = _becomes_healthy(node, after=300)
    assert run.boot(node) == 0
    assert len(signalled) == 1
    assert signalled[0] >= 300


def test_a_first_formation_does_not_wait_for_clients(master: SimulatedNode) -> None:
    """It has none."""
    signalled = _becomes_healthy(master.node, after=1e9)
    assert run.boot(master.node) == 0
    assert signalled
    assert signalled[0] < 200


def test_an_update_whose_master_gets_no_clients_is_rolled_back(master: SimulatedNode) -> None:
    """A security group or a health check that the release has broken: the other masters still serve."""
    node = master.node
    node.aws.resources |= {"MasterAGroup": "UPDATE_IN_PROGRESS", "ControlPlaneReady": "CREATE_COMPLETE"}
    _becomes_healthy(node, after=1e9)
    assert run.boot(node) == run.ABANDONED_STATUS
    (signal,) = node.aws.signals
    assert signal["Status"] == "FAILURE"


def test_a_successor_outside_an_update_stays(
    master: SimulatedNode, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another one would get no clients either."""
    node = master.node
    node.aws.resources |= {"MasterAGroup": "UPDATE_COMPLETE", "ControlPlaneReady": "CREATE_COMPLETE"}
    _becomes_healthy(node, after=1e9)
    assert run.boot(node) == 0
    assert "it is initial" in capsys.readouterr().err


def test_controllers_that_crash_while_clients_are_awaited_end_the_update(master: SimulatedNode) -> None:
    """They answered for a moment."""
    node = master.node
    node.aws.resources |= {"MasterAGroup": "UPDATE_IN_PROGRESS", "ControlPlaneReady": "CREATE_COMPLETE"}
    node.aws.target_groups = {TARGETS: "healthy"}
    node.aws.drain = lambda _: None
    master.pods.crashing.add("kube-scheduler")
    with pytest.raises(WaitError, match="kube-scheduler"):
        steps.await_clients(node)
