"""Interface between the emulated EC2 API and the machines behind its instances.

The API decides *that* an instance runs, where, and with which volumes; an
implementation of `Machines` makes it happen. The API calls it from worker
threads, never from its event loop, and one instance at a time: a call may block
until the machine has done what was asked. An exception becomes the API's
failure (a launch that raises is a failed launch, with the message as reason).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What EC2 knows of an instance when it is launched."""

    instance_id: str
    account_id: str
    region: str
    availability_zone: str
    vpc_id: str
    vpc_cidr: str
    subnet_id: str
    subnet_cidr: str
    private_ip: str
    private_dns_name: str
    mac_address: str
    image_id: str
    instance_type: str
    architecture: str
    """`x86_64` or `arm64`, as EC2 spells it."""
    user_data: bytes
    """Decoded from base64; empty if the launch template has none."""
    instance_profile_arn: str | None
    security_group_ids: tuple[str, ...]
    http_tokens_required: bool = True
    """IMDSv2 only (`HttpTokens: required`)."""
    http_put_response_hop_limit: int = 1
    shows_tags: bool = False
    """Tags are in its metadata (`InstanceMetadataTags: enabled`)."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """An EBS volume as the machine sees it."""

    volume_id: str
    size_gib: int
    device: str
    """The name asked for in AttachVolume, e.g. /dev/xvdf. Nitro machines show another name."""
    snapshot_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class MetadataTrouble:
    """A fault of the metadata service."""

    delay_seconds: float
    status: int | None
    """The HTTP status that it answers with; None: the right answer, only later."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Temporary credentials of an instance's role, as IMDS hands them out."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime


class InstanceFacts(Protocol):
    """What a machine may ask the API about an instance while it runs: the changing part of IMDS."""

    def target_lifecycle_state(self, instance_id: str) -> str | None:
        """`autoscaling/target-lifecycle-state`: InService, Terminated, …; None outside a group."""

    def notices(self, instance_id: str) -> Mapping[str, str]:
        """What EC2 announces to it: paths below `meta-data`, like `spot/instance-action`, to texts."""

    def role_name(self, instance_id: str) -> str | None:
        """The role in the instance profile, None if it has no profile."""

    def credentials(self, instance_id: str) -> Credentials | None:
        """Fresh credentials of that role; None if the instance has no role."""

    def are_valid(self, credentials: Credentials) -> bool:
        """Whether credentials are still valid: a session may expire early."""

    def tags(self, instance_id: str) -> Mapping[str, str]:
        """The instance's tags now."""

    def metadata_trouble(self, instance_id: str, path: str) -> MetadataTrouble | None:
        """The fault that affects this request to the instance's metadata service; None without one."""


class Machines(Protocol):
    """What runs behind the instances. Every method except `launch` ignores unknown instances."""

    def launch(self, instance: Instance) -> None:
        """Create and start the machine; returns once it is started (EC2 state `running`), not booted."""

    def terminate(self, instance_id: str) -> None:
        """End the machine for good and remove everything it had, except its volumes."""

    def stop(self, instance_id: str) -> None:
        """Shut down gracefully; the machine may be started again."""

    def start(self, instance_id: str) -> None:
        """Start a stopped machine again, with the same address and volumes."""

    def reboot(self, instance_id: str) -> None:
        """Restart gracefully."""

    def attach_volume(self, instance_id: str, volume: Volume) -> None:
        """Make the volume's device appear; a volume seen for the first time is blank."""

    def detach_volume(self, instance_id: str, volume_id: str, *, force: bool) -> None:
        """Make the device disappear; the data stays."""

    def delete_volume(self, volume_id: str) -> None:
        """Delete the data of a volume that is not attached."""

    def console_output(self, instance_id: str) -> bytes:
        """What GetConsoleOutput shows; kept for a while after the machine is gone."""

    def close(self) -> None:
        """End and remove everything: called when the emulator stops, and safe to repeat."""
