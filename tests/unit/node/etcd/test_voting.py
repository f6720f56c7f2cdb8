"""When a member of etcd works with a vote, and how a learner gets one."""

from typing import Any

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.etcd import client, voting
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import ETCDCTL, SimulatedEtcd


@pytest.fixture
def etcd(node: FakeNode) -> SimulatedEtcd:
    """A member that works."""
    return SimulatedEtcd(node)


def test_a_member_that_works_passes(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """It answers, has a vote, knows a leader, and a linearizable read succeeds."""
    assert voting.wait_until_voting(node) == 1
    assert any(" get " in line for line in node.host.ran(ETCDCTL))


def test_a_learner_is_promoted_when_it_has_caught_up(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Promotion is retried until etcd accepts it."""
    etcd.members["a"]["isLearner"] = True
    etcd.promotions_refused = 3
    voting.wait_until_voting(node)
    assert len([line for line in node.host.ran(ETCDCTL) if "promote" in line]) == 4


def test_a_member_that_starts_slowly_is_waited_for(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """A large database takes it long to read."""
    etcd.down.add("a")

    def start() -> None:
        if node.clock.now() > 1030:
            etcd.down.discard("a")

    node.clock.on_sleep.append(start)
    voting.wait_until_voting(node)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"down": {"a"}}, "does not answer.*connection refused"),
        ({"leader": None}, "it knows no leader"),
        ({"quorum": False}, "request timed out"),
        ({"promotions_refused": 10**9}, "in sync with leader"),
    ],
)
def test_a_member_that_does_not_work_fails_the_proof(
    node: FakeNode, etcd: SimulatedEtcd, trouble: dict[str, Any], reason: str
) -> None:
    """Each part of the proof can fail, in bounded time, with its own reason."""
    vars(etcd).update(trouble)
    if "promotions_refused" in trouble:
        etcd.members["a"]["isLearner"] = True
    with pytest.raises(WaitError, match=reason):
        voting.wait_until_voting(node)
    assert node.clock.now() - 1000 < 900


def test_client_certificates_are_named_and_no_secret_is_an_argument(
    node: FakeNode, etcd: SimulatedEtcd
) -> None:
    """Files only."""
    client.EtcdClient.local(node).status()
    (line,) = node.host.ran(ETCDCTL)
    assert "--endpoints=https://127.0.0.1:2379" in line
    assert "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt" in line
