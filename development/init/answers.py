"""What a cluster file is written from."""

from dataclasses import dataclass
from enum import StrEnum

PLACEHOLDER_ACCOUNT = "111122223333"
PLACEHOLDER_IMAGE = "ami-0123456789abcdef0"
DEFAULT_REGION = "eu-central-1"


class Size(StrEnum):
    """How much there is of everything."""

    HA = "ha"
    """Three masters in three zones, and workers that stay."""
    DEV = "dev"
    """One master in one zone, and a small worker that EC2 may take back."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a size means."""

    zones: int
    architecture: str
    master_types: tuple[str, ...]
    """In the order of preference: the first that all zones offer."""
    worker_types: tuple[str, ...]
    workers: tuple[int, int]
    spot_percent: int
    nat: str
    etcd_gib: int


PLANS = {
    Size.HA: Plan(
        zones=3,
        architecture="amd64",
        master_types=("m7i.large", "m6i.large", "m5.large"),
        worker_types=("m7i.xlarge", "m6i.xlarge", "m5.xlarge"),
        workers=(3, 10),
        spot_percent=0,
        nat="per-zone",
        etcd_gib=20,
    ),
    Size.DEV: Plan(
        zones=1,
        architecture="arm64",
        master_types=("t4g.medium", "m7g.large", "m6g.large"),
        worker_types=("t4g.large", "m7g.large", "m6g.large"),
        workers=(1, 3),
        spot_percent=100,
        nat="single",
        etcd_gib=8,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Answers:
    """All that the file says."""

    name: str = "mine"
    account: str = PLACEHOLDER_ACCOUNT
    region: str = DEFAULT_REGION
    zones: tuple[str, ...] = ()
    size: Size = Size.HA
    exposure: str = "internal"
    allowed_cidrs: tuple[str, ...] = ()
    zone_name: str = "mine.kubequorum.internal"
    hosted_zone_id: str = ""
    """Empty: a private zone is created."""
    vpc_cidr: str = "10.20.0.0/16"
    image: str = PLACEHOLDER_IMAGE
    master_type: str = ""
    worker_type: str = ""

    @property
    def plan(self) -> Plan:
        """What its size means."""
        return PLANS[self.size]
