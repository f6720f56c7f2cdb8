"""The members of etcd as they are planned, and as a member that joins them needs them."""

from kubequorum_node.etcd import topology
from kubequorum_node.etcd.topology import EXISTING, NEW, Member
from tests.unit.node import examples

assert examples.DOCUMENT.etcd is not None
SPEC = examples.DOCUMENT.etcd


def _member(slot: str, *, name: str | None = None, url: str | None = None) -> Member:
    return Member(
        member_id=ord(slot),
        name=f"etcd-{slot}" if name is None else name,
        peer_urls=(url or topology.peer_url(SPEC, slot),),
        is_learner=False,
    )


def test_the_first_members_are_all_slots() -> None:
    """Sorted, so that every master starts with the same text."""
    found = topology.first_members(SPEC)
    assert found.state == NEW
    assert found.initial_cluster == ",".join(
        f"etcd-{slot}=https://etcd-{slot}.ha.kubequorum.internal:2380" for slot in "abc"
    )


def test_a_member_without_a_name_gets_that_of_its_slot() -> None:
    """A quorum lists a learner without a name until it has started, and etcd compares names and URLs."""
    found = topology.joining(SPEC, [_member("c"), _member("a", name=""), _member("b")])
    assert found.state == EXISTING
    assert found.initial_cluster == topology.first_members(SPEC).initial_cluster


def test_a_member_outside_all_slots_keeps_its_name() -> None:
    """Somebody has added it manually."""
    found = topology.joining(SPEC, [_member("a"), _member("x", url="https://elsewhere:2380")])
    assert found.initial_cluster.endswith(",etcd-x=https://elsewhere:2380")


def test_the_others_and_the_majority() -> None:
    """Two of three."""
    assert topology.other_slots(SPEC, "b") == ["a", "c"]
    assert topology.majority(SPEC) == 2
