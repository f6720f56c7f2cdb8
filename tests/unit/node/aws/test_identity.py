"""Identity of an instance, and the zones it is refused in."""

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


def test_node_name_is_lower_case() -> None:
    """A VPC's DHCP option set may have a domain name in upper case; kubeadm and kubelet lower it."""

    class _Corporate(FakeMetadata):
        def private_dns_name(self) -> str:
            return "ip-10-20-1-5.Corp.Example.COM"

    assert identity.find(_Corporate(), "x86_64").node_name == "ip-10-20-1-5.corp.example.com"


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
