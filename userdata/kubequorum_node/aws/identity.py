"""Identity of this instance: what its metadata say, and whether it is in the zone of its slot."""

import platform
from dataclasses import dataclass

from kubequorum_node.aws.imds import Metadata
from kubequorum_node.config import NodeConfig
from kubequorum_node.document import ClusterDocument
from kubequorum_node.errors import NodeError

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class WrongZoneError(NodeError):
    """The instance is in another zone than its slot."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Facts of an instance that never change."""

    instance_id: str
    instance_type: str
    zone: str
    address: str
    architecture: str
    """As Kubernetes spells it: amd64 or arm64."""

    @property
    def node_name(self) -> str:
        """Name of its Node: the instance's id, which EC2 gives to no other instance.

        A private DNS name follows the address, and the next instance with that address would have it again.
        """
        return self.instance_id

    @property
    def provider_id(self) -> str:
        """The instance's id in the Node's spec.providerID."""
        return f"aws:///{self.zone}/{self.instance_id}"


def find(metadata: Metadata, processor: str | None = None) -> Identity:
    """Ask the metadata service.

    Raises:
        NodeError: there are no programs for this processor.

    """
    processor = processor or platform.machine()
    if processor not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise NodeError(f"this host's processor is {processor}: use an instance type with one of {known}")
    return Identity(
        instance_id=metadata.instance_id(),
        instance_type=metadata.instance_type(),
        zone=metadata.zone(),
        address=metadata.address(),
        architecture=_ARCHITECTURES[processor],
    )


def check_zone(identity: Identity, config: NodeConfig, document: ClusterDocument) -> None:
    """Refuse a master outside its slot's zone: its volume could not be attached.

    Raises:
        WrongZoneError: with both zones.

    """
    if config.slot is None or document.etcd is None:
        return
    expected = document.etcd.slots[config.slot].availability_zone
    if identity.zone != expected:
        raise WrongZoneError(
            f"{identity.instance_id} is in {identity.zone}, but slot {config.slot} and its volume "
            f"{config.etcd_volume_id} belong to {expected}: its Auto Scaling group must have its subnet there"
        )
