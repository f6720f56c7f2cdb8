"""Identity of an instance, and the zones it is refused in."""

from dataclasses import replace

import pytest

from kubequorum_node.aws import identity
from kubequorum_node.aws.identity import WrongZoneError
from kubequorum_node.errors import NodeError
from tests.unit.node import examples
from tests.unit.node.fakes import FakeMetadata


def test_identity_comes_from_the_metadata() -> None:
    """All facts of the instance, with the processor as Kubernetes spells it."""
    found = identity.find(FakeMetadata(), "x86_64")
    assert found == examples.IDENTITY
    assert found.provider_id == "aws:///eu-central-1a/i-0123456789abcdef0"
    assert identity.find(FakeMetadata(), "aarch64").architecture == "arm64"


def test_a_node_is_named_after_its_instance() -> None:
    """Two instances that have the same address, one after the other, never have the same name."""
    first = identity.find(FakeMetadata(), "x86_64")
    second = replace(first, instance_id="i-0fedcba9876543210")
    assert first.address == second.address
    assert (first.node_name, second.node_name) == ("i-0123456789abcdef0", "i-0fedcba9876543210")


def test_a_processor_without_programs_is_refused() -> None:
    """No program is pinned for it."""
    with pytest.raises(NodeError, match=r"riscv64.*x86_64, aarch64"):
        identity.find(FakeMetadata(), "riscv64")


def test_a_master_in_another_zone_is_refused_with_both_zones() -> None:
    """Its volume could never be attached; the message says where it is and where it belongs."""
    elsewhere = identity.find(FakeMetadata(zone="eu-central-1c"), "x86_64")
    with pytest.raises(WrongZoneError, match=r"is in eu-central-1c, but slot a .* belong to eu-central-1a"):
        identity.check_zone(elsewhere, examples.CONFIG, examples.DOCUMENT)


def test_a_worker_may_be_anywhere() -> None:
    """Only masters are bound to a zone."""
    elsewhere = identity.find(FakeMetadata(zone="eu-central-1c"), "x86_64")
    identity.check_zone(elsewhere, examples.WORKER_CONFIG, examples.WORKER_DOCUMENT)
