"""The model of a cluster file: every key, its meaning, its unit and its default.

Only what can be said of one value alone is checked here; what needs two values
to be looked at together is in `checks`.
"""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints

from kubequorum.versions import DEFAULT_KUBERNETES_VERSION

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]
DnsName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
ImageId = Annotated[str, StringConstraints(pattern=r"^ami-[0-9a-f]{8,17}$")]
ImageRepository = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9][-a-z0-9._]*)*$")
]
Whole = Annotated[int, Strict()]
"""A whole number; `yes`, which YAML takes for true, is none."""
InstanceType = Annotated[str, StringConstraints(pattern=r"^[a-z][-a-z0-9]*\.[-a-z0-9]+$")]


class Architecture(StrEnum):
    """A processor architecture, as Kubernetes and Debian spell it."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class _Section(BaseModel):
    """Unknown keys are errors and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(_Section):
    """Addresses, and the way out of the private subnets."""

    vpc_cidr: IPv4Network = Field(description="range of the VPC, /16 to /22", examples=["10.20.0.0/16"])
    pod_cidr: IPv4Network = Field(
        default=IPv4Network("10.244.0.0/16"), description="range that pods get addresses from"
    )
    service_cidr: IPv4Network = Field(
        default=IPv4Network("10.96.0.0/16"), description="range of Service addresses, /12 to /24"
    )
    pods_per_node: Whole = Field(
        default=110, ge=16, le=250, description="kubelet's limit of pods on one node"
    )
    nat: Literal["per-zone", "single", "none"] = Field(
        default="per-zone",
        description=(
            "way out of the private subnets: per-zone (a NAT gateway in each), single (one for all: cheaper, "
            "but its zone can cut off the others) or none (VPC endpoints only)"
        ),
    )


class Api(_Section):
    """Who can reach the Kubernetes API."""

    exposure: Literal["internal", "public"] = Field(
        default="internal", description="load balancer inside the VPC only, or facing the internet"
    )
    allowed_cidrs: tuple[IPv4Network, ...] = Field(
        default=(),
        description="ranges that may connect, besides the machines of the cluster",
        examples=[["198.51.100.0/24"]],
    )


class Dns(_Section):
    """The zone that holds `api` and `etcd-<slot>`."""

    zone_name: DnsName = Field(description="name of the zone", examples=["ha.kubequorum.internal"])
    hosted_zone_id: Annotated[str, StringConstraints(pattern=r"^Z[A-Z0-9]{8,31}$")] | None = Field(
        default=None,
        description="an existing public zone of that name; left out, a private zone is made",
        examples=["Z0123456789ABCDEFGHIJ"],
    )


class Kubernetes(_Section):
    """What runs on the machines."""

    version: str = Field(
        default=DEFAULT_KUBERNETES_VERSION, description="Kubernetes version", examples=["1.36.3"]
    )
    image_repository: ImageRepository | None = Field(
        default=None,
        description="registry and path of the control plane's images; left out, registry.k8s.io",
        examples=["111122223333.dkr.ecr.eu-central-1.amazonaws.com/kubernetes"],
    )


class Artifacts(_Section):
    """Where machines get their programs."""

    mirror: str | None = Field(
        default=None,
        description=(
            "https://… or s3://bucket/prefix with each download of userdata/files/artifacts.json at the path "
            "of its URL, host included; left out, they come from upstream"
        ),
        examples=["s3://my-mirror/kubernetes"],
    )


class Image(_Section):
    """The machine images, pinned: a look-up of "latest" at deploy time would replace masters by surprise."""

    amd64: ImageId | None = Field(default=None, description="Debian 13 image for x86_64 in this region")
    arm64: ImageId | None = Field(default=None, description="Debian 13 image for arm64 in this region")

    def names(self, architecture: Architecture) -> bool:
        """Whether the file names an image for an architecture."""
        return getattr(self, architecture) is not None

    def for_architecture(self, architecture: Architecture) -> str:
        """The image id for an architecture that the cluster uses; `checks` made sure that there is one."""
        return str(getattr(self, architecture))


class EtcdVolume(_Section):
    """The gp3 volume that holds a slot's etcd data."""

    size_gib: Whole = Field(default=20, ge=4, le=16384, description="size in GiB")
    iops: Whole = Field(default=3000, ge=3000, le=80000, description="provisioned IOPS")
    throughput_mib_per_s: Whole = Field(default=125, ge=125, le=2000, description="throughput in MiB/s")


class Masters(_Section):
    """One instance in each zone."""

    instance_type: InstanceType = Field(description="EC2 instance type", examples=["m7i.large"])
    architecture: Architecture = Field(default=Architecture.AMD64, description="amd64 or arm64")
    root_volume_gib: Whole = Field(default=30, ge=12, le=1024, description="root volume in GiB")
    etcd_volume: EtcdVolume = Field(default=EtcdVolume(), description="the volume that outlives the instance")


class Taint(_Section):
    """A taint that the nodes of a group register with."""

    key: str = Field(description="taint key", examples=["dedicated"])
    value: str = Field(default="", description="taint value")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = Field(
        description="NoSchedule, PreferNoSchedule or NoExecute"
    )


class WorkerGroup(_Section):
    """One Auto Scaling group of workers, spread over all zones."""

    name: DnsLabel = Field(description="name of the group, a DNS label", examples=["general"])
    instance_types: tuple[InstanceType, ...] = Field(
        min_length=1, max_length=40, description="EC2 instance types, best first", examples=[["m7i.large"]]
    )
    architecture: Architecture = Field(default=Architecture.AMD64, description="amd64 or arm64")
    min_size: Whole = Field(ge=0, le=1000, description="smallest number of instances")
    max_size: Whole = Field(ge=1, le=1000, description="largest number of instances")
    spot_percent: Whole = Field(default=0, ge=0, le=100, description="share of spot instances, 0 to 100")
    root_volume_gib: Whole = Field(default=50, ge=12, le=4096, description="root volume in GiB")
    labels: dict[str, str] = Field(
        default={}, description="node labels, all texts: true and numbers in quotes"
    )
    taints: tuple[Taint, ...] = Field(default=(), description="node taints")


class Cluster(_Section):
    """A cluster file."""

    name: DnsLabel = Field(description="name of the cluster, a DNS label", examples=["ha"])
    account: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] = Field(
        description="AWS account, 12 digits in quotes", examples=["'111122223333'"]
    )
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] = Field(
        description="AWS region", examples=["eu-central-1"]
    )
    zones: tuple[str, ...] = Field(
        description="one or three availability zones of the region, each used once",
        examples=[["eu-central-1a", "eu-central-1b", "eu-central-1c"]],
    )
    network: Network
    api: Api = Api()
    dns: Dns
    kubernetes: Kubernetes = Kubernetes()
    artifacts: Artifacts = Artifacts()
    image: Image
    masters: Masters
    worker_groups: tuple[WorkerGroup, ...] = Field(default=(), description="groups of workers, any number")
    tags: dict[str, str] = Field(
        default={}, description="AWS tags for everything that is made, all texts: true and numbers in quotes"
    )

    @property
    def slots(self) -> dict[str, str]:
        """Each slot's zone: `a` is the first zone in the file, `b` the second, `c` the third."""
        return dict(zip("abc", self.zones, strict=False))

    @property
    def api_name(self) -> str:
        """Name under which the API is reached."""
        return f"api.{self.dns.zone_name}"

    @property
    def node_api_name(self) -> str:
        """Name under which the nodes reach the API: always the load balancer inside the VPC."""
        split = self.api.exposure == "public" and self.dns.hosted_zone_id is not None
        return f"api-internal.{self.dns.zone_name}" if split else self.api_name

    def etcd_name(self, slot: str) -> str:
        """Stable name of a slot's etcd member, whatever instance is in the slot."""
        return f"etcd-{slot}.{self.dns.zone_name}"

    @property
    def max_nodes(self) -> int:
        """Nodes there can be at once, masters included."""
        return len(self.zones) + sum(group.max_size for group in self.worker_groups)
