"""etcd through etcdctl: when a member counts, and what is done for one that is a learner."""

import json
from typing import Any

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.etcd import client, voting
from kubequorum_node.host import Result
from tests.unit.node.fakes import FakeNode

ETCDCTL = "/usr/local/bin/etcdctl"
MEMBER = 15068403321540343861


class _Member:
    """The member on this machine, and the others."""

    def __init__(self, node: FakeNode) -> None:
        self.up = True
        self.learner = False
        self.leader = 7
        self.readable = True
        self.behind = 0
        node.host.on(ETCDCTL, self._run)

    def _run(self, command: tuple[str, ...], _: str | None) -> Result:
        line = " ".join(command)
        if "member promote" in line:
            assert "etcd-b" in command[1], "the others are asked: a learner cannot promote itself"
            if self.behind:
                self.behind -= 1
                return Result(1, "", "can only promote a learner member which is in sync with leader")
            assert command[-1] == f"{MEMBER:x}"
            self.learner = False
            return Result(0, "promoted")
        if not self.up:
            return Result(1, "", "connection refused")
        if "endpoint status" in line:
            status: dict[str, Any] = {"header": {"member_id": MEMBER}, "leader": self.leader}
            if self.learner:
                status["isLearner"] = True
            return Result(0, json.dumps([{"Status": status}]))
        assert " get " in line
        return Result(0, "") if self.readable else Result(1, "", "etcdserver: request timed out")


@pytest.fixture
def member(node: FakeNode) -> _Member:
    """A member that works."""
    return _Member(node)


def test_a_member_that_works_counts(node: FakeNode, member: _Member) -> None:
    """It answers, has a vote, knows a leader, and a read through the consensus succeeds."""
    assert voting.wait_until_voting(node) == MEMBER
    assert any(" get " in line for line in node.host.ran(ETCDCTL))


def test_a_learner_gets_its_vote_when_it_has_caught_up(node: FakeNode, member: _Member) -> None:
    """Promotion is asked for until etcd grants it."""
    member.learner = True
    member.behind = 3
    voting.wait_until_voting(node)
    assert len([line for line in node.host.ran(ETCDCTL) if "promote" in line]) == 4


def test_a_member_that_starts_slowly_is_waited_for(node: FakeNode, member: _Member) -> None:
    """The corruption check at its start alone takes 14 s."""
    member.up = False

    def start() -> None:
        member.up = node.clock.now() > 1030

    node.clock.on_sleep.append(start)
    voting.wait_until_voting(node)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"up": False}, "does not answer.*connection refused"),
        ({"leader": 0}, "it knows no leader"),
        ({"readable": False}, "request timed out"),
        ({"learner": True, "behind": 10**9}, "in sync with leader"),
    ],
)
def test_a_member_that_does_not_count_fails_the_proof(
    node: FakeNode, member: _Member, trouble: dict[str, Any], reason: str
) -> None:
    """Each part of the proof can fail, in bounded time, with its own reason."""
    vars(member).update(trouble)
    with pytest.raises(WaitError, match=reason):
        voting.wait_until_voting(node)
    assert node.clock.now() - 1000 < 900


def test_client_certificates_are_named_and_no_secret_is_an_argument(node: FakeNode, member: _Member) -> None:
    """Files only."""
    client.EtcdClient.local(node).status()
    (line,) = node.host.ran(ETCDCTL)
    assert "--endpoints=https://127.0.0.1:2379" in line
    assert "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt" in line
