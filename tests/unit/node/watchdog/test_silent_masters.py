"""A master that is silent to all others is reported; one that answers anybody, or is on its way, never is."""

import json
from collections.abc import Callable

import pytest

from kubequorum_node.volume.slot_record import MEMBER, SlotRecord
from kubequorum_node.watchdog.silent_masters import LOOK_SECONDS, SILENT_SECONDS, SilentMasters
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd
from tests.unit.node.simulation.node import TARGETS, SimulatedNode

DEAD = "i-0cccccccccccccccc"
ADDRESS = {"b": "10.20.0.5", "c": "10.20.1.5"}
PORTS = (6443, 2379, 10250)
LOCK = "kubequorum/replacement"
OBSERVATION = "kubequorum/silent/c/{}"


class _Masters:
    """The master of slot a, with b, which sees what the test says, and c."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.etcd: SimulatedEtcd = SimulatedNode.in_service(node).etcd
        self.watch = SilentMasters(node)
        self.write_record()
        node.aws.lifecycle[DEAD] = "InService"
        node.aws.target_groups = {TARGETS: "unhealthy"}
        node.aws.drain = lambda _: None

    def write_record(self, outcome: str = "ready", instance: str = DEAD, slot: str = "c") -> None:
        """The record of a slot."""
        record = SlotRecord(volume="vol-1", generation=3, instance=instance, stage=MEMBER, outcome=outcome)
        self.node.aws.objects[f"slots/{slot}/record.json"] = record.to_json().encode()

    def fall_silent(self, slot: str = "c", ports: tuple[int, ...] = PORTS) -> None:
        """Nothing comes back from it any more."""
        self.node.host.silent |= {(ADDRESS[slot], port) for port in ports}
        if ports == PORTS:
            self.etcd.down.add(slot)

    def witness(self, instance: str = DEAD) -> None:
        """The master of slot b says that it is silent, too."""
        self.etcd.keys[OBSERVATION.format("b")] = json.dumps({"instance": instance})

    def pass_time(self, seconds: float) -> None:
        """Let the master look as often as it does."""
        end = self.node.clock.now() + seconds
        while self.node.clock.now() < end:
            self.watch.tick()
            self.node.clock.sleep(LOOK_SECONDS)

    @property
    def reported(self) -> list[str]:
        """Instances that were reported."""
        return [request["InstanceId"] for request in self.node.aws.asked("set_instance_health")]


@pytest.fixture
def masters(node: FakeNode) -> _Masters:
    """Three masters that are well."""
    return _Masters(node)


def test_masters_that_answer_cost_nothing(masters: _Masters) -> None:
    """Neither a request to AWS nor one to etcd."""
    masters.node.aws.requests.clear()
    masters.node.host.commands.clear()
    masters.pass_time(600)
    assert masters.node.aws.requests == []
    assert masters.node.host.commands == []


def test_a_dead_master_is_reported_by_its_peers(masters: _Masters) -> None:
    """Under the replacement lock, which is its slot's: its successor releases it."""
    masters.fall_silent()
    masters.witness()
    masters.pass_time(SILENT_SECONDS - LOOK_SECONDS)
    assert masters.reported == []
    masters.pass_time(3 * LOOK_SECONDS)
    assert masters.reported == [DEAD]
    holder = json.loads(masters.etcd.keys[LOCK])
    assert (holder["slot"], holder["instance"], holder["by"]) == ("c", DEAD, "a")


def test_what_one_master_sees_is_no_proof(masters: _Masters) -> None:
    """The way between two masters is broken: the third sees it answer. Its own view is shared."""
    masters.fall_silent()
    masters.pass_time(300)
    assert masters.reported == []
    assert json.loads(masters.etcd.keys[OBSERVATION.format("a")])["instance"] == DEAD
    masters.witness(instance="i-0dddddddddddddddd")
    masters.pass_time(300)
    assert masters.reported == []


@pytest.mark.parametrize("answering", PORTS)
def test_a_master_that_answers_anywhere_is_left_alone(masters: _Masters, answering: int) -> None:
    """Its own watchdog decides about the rest, or it is booting: a refusal is an answer, too."""
    masters.fall_silent(ports=tuple(port for port in PORTS if port != answering))
    masters.witness()
    masters.pass_time(300)
    assert masters.reported == []


def test_a_master_that_is_slow_at_times_is_left_alone(masters: _Masters) -> None:
    """One answer begins the time again."""
    masters.witness()
    for _ in range(20):
        masters.fall_silent()
        masters.pass_time(SILENT_SECONDS - LOOK_SECONDS)
        masters.node.host.silent.clear()
        masters.pass_time(LOOK_SECONDS)
    assert masters.reported == []


@pytest.mark.parametrize("outcome", ["booting", "failed: bad checksum", "shutting down"])
def test_a_master_that_boots_or_shuts_down_is_left_alone(masters: _Masters, outcome: str) -> None:
    """It comes back by itself, or EC2 finds it."""
    masters.write_record(outcome)
    masters.fall_silent()
    masters.witness()
    masters.pass_time(300)
    assert masters.reported == []


@pytest.mark.parametrize("state", ["Pending:Wait", "Standby", "EnteringStandby", "Terminating", None])
def test_a_master_that_its_group_does_not_want_in_service_is_left_alone(
    masters: _Masters, state: str | None
) -> None:
    """A person has put it into standby, or it is being replaced already."""
    masters.node.aws.lifecycle.pop(DEAD)
    if state is not None:
        masters.node.aws.lifecycle[DEAD] = state
    masters.fall_silent()
    masters.witness()
    masters.pass_time(300)
    assert masters.reported == []


def test_nothing_is_reported_while_a_third_is_away(masters: _Masters) -> None:
    """Or rather: this master is the one that is cut off."""
    masters.write_record(slot="b", instance="i-0bbbbbbbbbbbbbbbb")
    masters.node.aws.lifecycle["i-0bbbbbbbbbbbbbbbb"] = "InService"
    masters.fall_silent("b")
    masters.fall_silent("c")
    masters.witness()
    masters.pass_time(300)
    assert masters.reported == []
    assert set(masters.etcd.keys) == {OBSERVATION.format("b")}


def _b_is_not_healthy(masters: _Masters) -> None:
    masters.etcd.down.add("b")


def _no_quorum(masters: _Masters) -> None:
    masters.etcd.quorum = False


def _balancer_reaches_it(masters: _Masters) -> None:
    masters.node.aws.target_groups = {TARGETS: "healthy"}


def _another_is_replaced(masters: _Masters) -> None:
    masters.etcd.keys[LOCK] = json.dumps({"slot": "b", "instance": "i-0bbbbbbbbbbbbbbbb"})


def _b_has_reported_it(masters: _Masters) -> None:
    masters.etcd.keys[LOCK] = json.dumps({"slot": "c", "instance": DEAD, "by": "b"})


@pytest.mark.parametrize(
    "trouble",
    [_b_is_not_healthy, _no_quorum, _balancer_reaches_it, _another_is_replaced, _b_has_reported_it],
)
def test_reasons_not_to_report_it(masters: _Masters, trouble: Callable[[_Masters], None]) -> None:
    """Another one would be missed, it serves somebody, or somebody has the right already."""
    masters.fall_silent()
    masters.witness()
    trouble(masters)
    masters.pass_time(300)
    assert masters.reported == []


def test_one_that_took_the_lock_for_itself_and_died_is_reported(masters: _Masters) -> None:
    """Its watchdog had decided, and could not report any more."""
    masters.etcd.keys[LOCK] = json.dumps({"slot": "c", "instance": DEAD, "why": "the kubelet"})
    masters.fall_silent()
    masters.witness()
    masters.pass_time(60)
    assert masters.reported[:1] == [DEAD]


def test_a_lost_report_is_repeated(masters: _Masters) -> None:
    """AWS takes it and does nothing: the instance is in service as before."""
    masters.fall_silent()
    masters.witness()
    masters.pass_time(120)
    assert 3 <= len(masters.reported) <= 6


def test_a_refused_report_releases_the_lock(masters: _Masters) -> None:
    """Another master may need it."""
    masters.node.aws.fail("set_instance_health", "AccessDenied", times=1000)
    masters.fall_silent()
    masters.witness()
    masters.pass_time(60)
    assert LOCK not in masters.etcd.keys


def test_an_observation_is_withdrawn_when_it_answers(masters: _Masters) -> None:
    """The third must not count it any more."""
    masters.fall_silent()
    masters.pass_time(60)
    masters.node.host.silent.clear()
    masters.pass_time(LOOK_SECONDS)
    assert OBSERVATION.format("a") not in masters.etcd.keys


def test_an_observation_of_an_earlier_instance_is_renewed(masters: _Masters) -> None:
    """The slot has a successor, and that is dead, too."""
    masters.etcd.keys[OBSERVATION.format("a")] = json.dumps({"instance": "i-0dddddddddddddddd"})
    masters.fall_silent()
    masters.witness()
    masters.pass_time(60)
    assert masters.reported[:1] == [DEAD]


def test_a_slot_without_a_name_or_a_record_is_left_alone(masters: _Masters) -> None:
    """A first formation: nothing is known of it yet."""
    del masters.node.aws.objects["slots/c/record.json"]
    masters.fall_silent()
    masters.witness()
    masters.pass_time(100)
    masters.node.host.names["etcd-c.ha.kubequorum.internal"] = set()
    masters.pass_time(100)
    assert masters.reported == []
    assert examples.IDENTITY.instance_id not in masters.reported
