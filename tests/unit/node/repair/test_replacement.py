"""An unwell master is replaced only while the others can do without it, one at a time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from kubequorum_node.etcd.topology import Member
from kubequorum_node.repair import replacement
from kubequorum_node.repair.peers import PeerHealth, RefusedError, why_not_replaceable
from kubequorum_node.repair.replacement import LOCK_SECONDS
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import SimulatedEtcd

LOCK = "kubequorum/replacement"


def _members(slots: str, *, learners: str = "") -> tuple[Member, ...]:
    return tuple(
        Member(member_id=number, name=f"etcd-{slot}", peer_urls=(), is_learner=slot in learners)
        for number, slot in enumerate(slots)
    )


def _peers(**seen: object) -> PeerHealth:
    all_well = PeerHealth(members=_members("abc"), healthy=frozenset("bc"), serving=frozenset("bc"))
    return replace(all_well, **seen)  # type: ignore[arg-type]


def test_two_healthy_masters_can_do_without_the_third() -> None:
    """They keep their quorum."""
    assert why_not_replaceable(_peers(), slots="abc", own_voters=1) == ""


@pytest.mark.parametrize(
    ("peers", "why"),
    [
        (_peers(healthy=frozenset("b")), "only b is healthy, and 2 must be"),
        (_peers(healthy=frozenset()), "only none is healthy"),
        (_peers(members=_members("ab")), "only 1 other members have a vote"),
        (_peers(members=_members("abc", learners="c")), "only 1 other members have a vote"),
        (_peers(serving=frozenset()), "no other API server is ready either"),
    ],
)
def test_the_cluster_cannot_do_without_it(peers: PeerHealth, why: str) -> None:
    """One of the others is down, missing or a learner; or all of them have the same problem."""
    assert why in why_not_replaceable(peers, slots="abc", own_voters=1)


def test_a_member_without_a_vote_is_not_needed() -> None:
    """A repair that stopped half way has removed it: the two others have all votes."""
    assert why_not_replaceable(_peers(members=_members("bc")), slots="abc", own_voters=0) == ""


def test_one_api_server_that_is_ready_is_enough() -> None:
    """What fails does not fail everywhere."""
    assert why_not_replaceable(_peers(serving=frozenset("c")), slots="abc", own_voters=1) == ""


def test_the_only_master_is_never_replaced_for_its_health() -> None:
    """Nobody else has the data."""
    assert "only master" in why_not_replaceable(_peers(members=_members("a")), slots="a", own_voters=1)


@pytest.fixture
def etcd(node: FakeNode) -> SimulatedEtcd:
    """Three members, and two other API servers that are ready."""
    for number, slot in enumerate("bc"):
        node.host.names[f"etcd-{slot}.ha.kubequorum.internal"] = {f"10.20.{number}.5"}
        node.host.statuses[f"https://10.20.{number}.5:6443/readyz"] = 200
    return SimulatedEtcd(node)


def test_a_dead_master_reports_itself(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Its own member does not answer; the others give the lock, and the group is notified."""
    etcd.down.add("a")
    replacement.report_unhealthy(node, why='its "etcd" is silent')
    assert node.aws.asked("set_instance_health") == [
        {
            "InstanceId": "i-0123456789abcdef0",
            "HealthStatus": "Unhealthy",
            "ShouldRespectGracePeriod": False,
        }
    ]
    holder = json.loads(etcd.keys[LOCK])
    assert (holder["slot"], holder["why"]) == ("a", 'its "etcd" is silent')
    assert etcd.leases[etcd.bound[LOCK]] == LOCK_SECONDS


@pytest.mark.parametrize("trouble", ["no quorum", "another is down", "no API server", "the lock is taken"])
def test_nothing_is_reported_when_the_others_cannot_do_without_it(
    node: FakeNode, etcd: SimulatedEtcd, trouble: str
) -> None:
    """The group is not notified, and no lock is taken."""
    match trouble:
        case "no quorum":
            etcd.quorum = False
        case "another is down":
            etcd.down.add("c")
        case "no API server":
            node.host.statuses.clear()
        case "the lock is taken":
            etcd.keys[LOCK] = json.dumps({"slot": "b", "instance": "i-0bbb"})
    held = dict(etcd.keys)
    with pytest.raises(RefusedError, match="not replaced"):
        replacement.report_unhealthy(node, why="dead")
    assert not node.aws.asked("set_instance_health")
    assert etcd.keys == held


def test_of_two_at_once_one_is_replaced(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """The other was faster, after this one had looked: the transaction finds its key."""
    transact = etcd.transact

    def slow(text: str) -> object:
        answer = transact(text)
        etcd.keys.setdefault(LOCK, json.dumps({"slot": "b", "instance": "i-0bbb"}))
        return answer

    etcd.transact = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(RefusedError, match=r"slot b \(i-0bbb\) is being replaced"):
        replacement.report_unhealthy(node, why="dead")
    assert not node.aws.asked("set_instance_health")


def test_a_slot_that_has_the_lock_may_report_again(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """The first notification may have been lost."""
    replacement.report_unhealthy(node, why="dead")
    replacement.report_unhealthy(node, why="dead")
    assert len(node.aws.asked("set_instance_health")) == 2
    assert len(etcd.leases) == 1


def test_a_failed_report_releases_the_lock(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Another master may need to be replaced meanwhile."""
    node.aws.fail("set_instance_health", "AccessDenied")
    with pytest.raises(ClientError):
        replacement.report_unhealthy(node, why="dead")
    assert LOCK not in etcd.keys


def test_the_successor_releases_the_lock(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Only that of its own slot."""
    etcd.keys[LOCK] = json.dumps({"slot": "b"})
    replacement.release_lock(node)
    assert LOCK in etcd.keys
    etcd.keys[LOCK] = json.dumps({"slot": "a", "instance": "i-0aaaaaaaaaaaaaaaa"})
    replacement.release_lock(node)
    assert LOCK not in etcd.keys


def test_a_lock_that_cannot_be_released_is_not_a_failure(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Its lease ends, and the master is in service anyway."""
    etcd.quorum = False
    replacement.release_lock(node)


def test_a_single_master_has_nobody_to_ask(tmp_path: Path) -> None:
    """It asks nobody, takes no lock and reports nothing."""
    etcd = examples.DOCUMENT.etcd
    assert etcd is not None
    alone = replace(examples.DOCUMENT, etcd=replace(etcd, slots={"a": etcd.slots["a"]}))
    node = FakeNode(tmp_path, document=alone)
    with pytest.raises(RefusedError, match="only master"):
        replacement.report_unhealthy(node, why="dead")
    replacement.release_lock(node)
    assert node.host.commands == []
