"""The slot's DNS name is pointed at this instance."""

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.etcd import names
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

NAME = "etcd-a.ha.kubequorum.internal"
OWN = examples.IDENTITY.address


def test_the_name_gets_this_address_with_a_short_ttl(node: FakeNode) -> None:
    """One UPSERT of an A record, in the hosted zone from user-data."""
    node.host.names[NAME] = {OWN}
    names.point_here(node)
    (change,) = node.aws.asked("change_resource_record_sets")
    assert change["HostedZoneId"] == examples.CONFIG.hosted_zone_id
    assert change["ChangeBatch"]["Changes"] == [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": f"{NAME}.",
                "Type": "A",
                "TTL": 5,
                "ResourceRecords": [{"Value": OWN}],
            },
        }
    ]


def test_the_resolver_is_asked_only_after_route_53_has_applied_the_change(node: FakeNode) -> None:
    """Queried too early, it would cache the old answer."""
    node.aws.changes = ["PENDING", "PENDING", "PENDING", "INSYNC"]
    asked_at: list[int] = []

    def resolve(name: str) -> set[str]:
        asked_at.append(len(node.aws.asked("get_change")))
        return {OWN}

    node.host.resolve = resolve  # type: ignore[method-assign]
    names.point_here(node)
    names.wait_until_here(node)
    assert asked_at == [4]


def test_the_resolver_is_polled_until_the_old_address_has_expired(node: FakeNode) -> None:
    """This host's resolver has the predecessor's address for a while."""
    node.host.names[NAME] = {"10.20.1.4"}

    def expire() -> None:
        if node.clock.now() > 1012:
            node.host.names[NAME] = {OWN}

    node.clock.on_sleep.append(expire)
    names.wait_until_here(node)
    assert node.host.names[NAME] == {OWN}


def test_a_name_that_never_changes_is_an_error_with_its_address(node: FakeNode) -> None:
    """Then this master must not enter service: the others would not find it."""
    node.host.names[NAME] = {"10.20.1.4"}
    with pytest.raises(WaitError, match=rf"{OWN} for {NAME}: .*it returns 10.20.1.4"):
        names.wait_until_here(node)


def test_a_change_that_is_never_applied_is_an_error(node: FakeNode) -> None:
    """In bounded time, with the state that Route 53 reports."""
    node.aws.changes = ["PENDING"]
    names.point_here(node)
    with pytest.raises(WaitError, match="the change is PENDING"):
        names.wait_until_here(node)
    assert len(node.aws.asked("get_change")) < 30


def test_when_all_masters_have_names_nothing_is_waited_for(node: FakeNode) -> None:
    """After a cluster's first minute this is always one call."""
    node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.1.4" for slot in "abc"}
    names.wait_for_peers(node, first_formation=False)
    assert len(node.aws.asked("list_resource_record_sets")) == 1
    assert node.clock.now() == 1000


def test_a_missing_master_does_not_block_the_others(node: FakeNode) -> None:
    """Two of three are a quorum: after a minute they continue."""
    node.aws.records = {f"etcd-{slot}.ha.kubequorum.internal.": "10.20.1.4" for slot in "ab"}
    names.wait_for_peers(node, first_formation=False)
    assert 60 <= node.clock.now() - 1000 < 80
