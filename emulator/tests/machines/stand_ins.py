# ruff: noqa: ARG002 - every instance gets the same answers
"""An instance and a set of facts for tests of the machines: plain data, no emulator behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from emulator.interfaces.machines import Credentials, Instance, MetadataTrouble

INSTANCE = Instance(
    instance_id="i-0123456789abcdef0",
    account_id="000000000000",
    region="us-east-1",
    availability_zone="us-east-1b",
    vpc_id="vpc-0a",
    vpc_cidr="10.0.0.0/16",
    subnet_id="subnet-0b",
    subnet_cidr="10.0.32.0/20",
    private_ip="10.0.32.7",
    private_dns_name="ip-10-0-32-7.ec2.internal",
    mac_address="0e:00:0a:00:20:07",
    image_id="ami-0c",
    instance_type="m7g.large",
    architecture="arm64",
    user_data=b"#!/bin/sh\necho hello\n",
    instance_profile_arn="arn:aws:iam::000000000000:instance-profile/node",
    security_group_ids=("sg-01", "sg-02"),
)


def instance(**changes: object) -> Instance:
    """The instance above with some fields changed."""
    return replace(INSTANCE, **changes)  # type: ignore[arg-type]


@dataclass
class Facts:
    """`InstanceFacts` with fixed answers; counts how often credentials were made."""

    state: str | None = "InService"
    announced: dict[str, str] = field(default_factory=dict)
    """What EC2 announces, by path."""
    role: str | None = "node-role"
    lifetime: timedelta = timedelta(hours=6)
    made: list[Credentials] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    """Key ids of credentials whose session has ended before its time."""
    trouble: MetadataTrouble | None = None
    named: Mapping[str, str] = field(default_factory=lambda: {"Name": "stand-in"})
    """The instance's tags."""

    def target_lifecycle_state(self, instance_id: str) -> str | None:
        """The state given."""
        return self.state

    def notices(self, instance_id: str) -> Mapping[str, str]:
        """Those given."""
        return self.announced

    def role_name(self, instance_id: str) -> str | None:
        """The role given."""
        return self.role

    def credentials(self, instance_id: str) -> Credentials | None:
        """New ones at each call."""
        number = len(self.made) + 1
        self.made.append(
            Credentials(
                access_key_id=f"ASIA{number:016}",
                secret_access_key=f"secret-{number}",
                session_token=f"token-{number}",
                expiration=datetime.now(UTC) + self.lifetime,
            )
        )
        return self.made[-1]

    def are_valid(self, credentials: Credentials) -> bool:
        """Unless they were ended."""
        return credentials.access_key_id not in self.ended

    def metadata_trouble(self, instance_id: str, path: str) -> MetadataTrouble | None:
        """The trouble given, whatever is asked for."""
        return self.trouble

    def tags(self, instance_id: str) -> Mapping[str, str]:
        """Those given."""
        return self.named
