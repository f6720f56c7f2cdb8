"""A member that works is trusted only if its data are those of the others."""

import dataclasses

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.etcd import comparison
from kubequorum_node.etcd.comparison import DifferentDataError
from kubequorum_node.host import Result
from tests.unit.node.fakes import FakeNode
from tests.unit.node.simulation.etcd import ETCDCTL, SimulatedEtcd


@pytest.fixture
def etcd(node: FakeNode) -> SimulatedEtcd:
    """Three members; this node has a."""
    return SimulatedEtcd(node)


def _seconds(node: FakeNode) -> float:
    return node.clock.now() - 1000


def test_the_same_data_everywhere(
    node: FakeNode, etcd: SimulatedEtcd, capsys: pytest.CaptureFixture[str]
) -> None:
    """All are asked for one revision, which the member that lags has, too."""
    etcd.revisions["c"] = 5
    comparison.require_same_data(node)
    asked = [command for command in node.host.ran(ETCDCTL) if "hashkv" in command]
    assert len(asked) == 3
    assert all("--rev=5" in command for command in asked)
    assert "etcd's data are those of b, c" in capsys.readouterr().err


def test_a_hash_has_the_time_that_it_takes(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Hashing a large database takes a member seconds; only whether it answers at all is known soon."""
    comparison.require_same_data(node)
    asked = list(zip(map(" ".join, node.host.commands), node.host.timeouts, strict=True))
    hashes = [(line, seconds) for line, seconds in asked if "hashkv" in line]
    assert len(hashes) == 3
    assert all("--command-timeout=60s" in line and seconds > 60 for line, seconds in hashes)
    glances = [seconds for line, seconds in asked if "--command-timeout=3s" in line]
    assert len(glances) == 3


def test_members_that_are_down_are_skipped(
    node: FakeNode, etcd: SimulatedEtcd, capsys: pytest.CaptureFixture[str]
) -> None:
    """As etcd does: a missing member must not keep the others out of service."""
    etcd.down |= {"b", "c"}
    comparison.require_same_data(node)
    assert _seconds(node) == 0
    assert "no other member answers" in capsys.readouterr().err


def test_a_majority_against_this_member(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """This member is wrong."""
    etcd.hashes["a"] = 78
    with pytest.raises(DifferentDataError, match="those of b, c, which agree"):
        comparison.require_same_data(node)


def test_a_majority_with_this_member(
    node: FakeNode, etcd: SimulatedEtcd, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other one is wrong, and has its own watchdog."""
    etcd.hashes["c"] = 78
    comparison.require_same_data(node)
    assert "the data of c differ from this member's" in capsys.readouterr().err


def test_two_that_differ_wait_for_a_third(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """It decides which is right."""
    etcd.hashes["b"] = 78
    etcd.down.add("c")
    with pytest.raises(WaitError, match="differ from those of b, and no majority says which"):
        comparison.require_same_data(node)
    assert _seconds(node) >= 300
    etcd.down.discard("c")
    comparison.require_same_data(node)


def test_hashes_during_a_compaction_are_not_compared(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """A member that has compacted hashes other data than one that has not yet."""
    etcd.compacted["b"], etcd.hashes["b"] = 4, 99
    with pytest.raises(WaitError, match="a compaction is under way"):
        comparison.require_same_data(node)


def test_a_member_that_cannot_hash_its_own_data(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """It is not trusted, however healthy the others are."""
    etcd.down.add("a")
    with pytest.raises(WaitError, match="does not hash its data"):
        comparison.require_same_data(node)


def test_an_unreadable_answer_counts_as_none(node: FakeNode, etcd: SimulatedEtcd) -> None:
    """Whatever etcdctl prints, it is evidence for nobody."""
    run = node.host.programs[ETCDCTL]
    assert callable(run)

    def answer(command: tuple[str, ...], stdin: str | None) -> str | Result | None:
        if "etcd-b" in command[1]:
            return "not JSON"
        return run(command, stdin)

    node.host.on(ETCDCTL, answer)
    etcd.hashes["a"] = 78
    with pytest.raises(WaitError, match="differ from those of c, and no majority says which"):
        comparison.require_same_data(node)


def test_the_only_master_asks_nobody(
    node: FakeNode, etcd: SimulatedEtcd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has nobody to compare with."""
    alone = {"a": node.etcd_spec.slots["a"]}
    monkeypatch.setattr(
        node,
        "document",
        dataclasses.replace(node.document, etcd=dataclasses.replace(node.etcd_spec, slots=alone)),
    )
    comparison.require_same_data(node)
    assert node.host.ran(ETCDCTL) == []
