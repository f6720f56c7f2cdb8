"""The model of a cluster file: every key with its meaning, unit, default and an example.

The texts are what users read: in error messages, in docs/cluster-file.md and in clusters/schema.json, which
are generated from this model. Only single values are checked here; `checks` compares values with each other.
"""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from kubequorum.config.access import Access
from kubequorum.config.addons import Addons
from kubequorum.config.backups import Backups
from kubequorum.config.components import Kubernetes
from kubequorum.config.instances import Masters, WorkerGroup
from kubequorum.config.pod_network import Calico
from kubequorum.config.registries import EcrRegistry, Registries, hosts
from kubequorum.config.section import (
    Architecture,
    Choice,
    DnsLabel,
    DnsName,
    HostedZoneId,
    ImageId,
    Section,
    Whole,
)
from kubequorum.config.security import OidcIssuer, Security
from kubequorum.config.service_accounts import ServiceAccounts


class Network(Section):
    """Address ranges, the pod network, and the way out of the private subnets."""

    vpc_cidr: IPv4Network = Field(description="range of the VPC, /16 to /22", examples=["10.20.0.0/16"])
    pod_cidr: IPv4Network = Field(
        default=IPv4Network("10.244.0.0/16"),
        description="range of pod addresses; each node gets a part of it that holds twice pods_per_node",
    )
    service_cidr: IPv4Network = Field(
        default=IPv4Network("10.96.0.0/16"), description="range of Service addresses, /12 to /24"
    )
    pods_per_node: Whole = Field(
        default=110, ge=16, le=250, description="largest number of pods on a node, 16 to 250"
    )
    plugin: Literal["builtin", "calico"] = Field(
        default="builtin",
        description=(
            "pod network: builtin (routes and a tunnel, without network policies) or calico (with "
            "Kubernetes' and its own network policies); a cluster that lives cannot change it"
        ),
    )
    calico: Calico = Field(default=Calico(), description="which Calico, for plugin: calico")
    nat: Literal["per-zone", "single", "none"] = Field(
        default="per-zone",
        description=(
            "way out of the private subnets: per-zone (a NAT gateway in each zone), single (one for all: "
            "cheaper, but the loss of its zone cuts off the others) or none (VPC endpoints only; needs "
            "artifacts.mirror, kubernetes.image_repository and your own route to the API of Route 53, or "
            "https_proxy)"
        ),
    )
    https_proxy: str | None = Field(
        default=None,
        description=(
            "proxy through which instances reach what is outside, http://host:port: masters may connect to "
            "its port, and ask past it for what is in the VPC and in the cluster"
        ),
        examples=["http://proxy.example.com:3128"],
    )


class Api(Section):
    """Who can reach the Kubernetes API."""

    exposure: Literal["internal", "public"] = Field(
        default="internal",
        description="internal (a load balancer inside the VPC) or public (one more that faces the internet)",
    )
    allowed_cidrs: tuple[IPv4Network, ...] = Field(
        default=(),
        description="ranges that may connect, besides the cluster's own instances; at most 58",
        examples=[["198.51.100.0/24"]],
    )


class Dns(Section):
    """The zone that holds the names of the API and of the etcd members."""

    zone_name: DnsName = Field(
        description="name of the zone, in lower case", examples=["ha.kubequorum.internal"]
    )
    hosted_zone_id: HostedZoneId | None = Field(
        default=None,
        description="id of an existing public zone of that name; without it a private zone is created",
        examples=["Z0123456789ABCDEFGHIJ"],
    )


class Artifacts(Section):
    """Where instances download their programs."""

    mirror: str | None = Field(
        default=None,
        description=(
            "https://… or s3://bucket/prefix that holds each download of userdata/files/artifacts.json at "
            "the path of its URL, host included; without it they are downloaded from upstream"
        ),
        examples=["s3://my-mirror/kubernetes"],
    )


class Image(Section):
    """The images, pinned: resolving "latest" at deploy time would replace masters unexpectedly."""

    amd64: ImageId | None = Field(
        default=None,
        description="id of a Debian 13 image for x86_64 in this region",
        examples=["ami-0123456789abcdef0"],
    )
    arm64: ImageId | None = Field(
        default=None,
        description="id of a Debian 13 image for arm64 in this region",
        examples=["ami-0fedcba9876543210"],
    )
    has_programs: Choice = Field(
        default=False,
        description=(
            "true: these images have the programs of kubernetes.version, in the versions of "
            "userdata/files/artifacts.json, as machines on one computer do; required for a version whose "
            "checksums that file does not have, because no instance downloads its programs"
        ),
    )

    def names(self, architecture: Architecture) -> bool:
        """Whether the file names an image for an architecture."""
        return getattr(self, architecture) is not None

    def for_architecture(self, architecture: Architecture) -> str:
        """The image id for an architecture that the cluster uses; `checks` made sure that there is one."""
        return str(getattr(self, architecture))


class AuditLog(Section):
    """The API servers' audit log in the state bucket; see docs/audit-log.md."""

    days: Whole = Field(
        default=90, ge=1, le=3650, description="days for which it is kept in the state bucket, 1 to 3650"
    )


class Alarms(Section):
    """Who is notified when CloudWatch raises an alarm about the cluster; see docs/backups.md."""

    topic_arn: (
        Annotated[
            str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$")
        ]
        | None
    ) = Field(
        default=None,
        description=(
            "ARN of an SNS topic in the cluster's region that CloudWatch may publish to; without it alarms "
            "are seen in CloudWatch only"
        ),
        examples=["arn:aws:sns:eu-central-1:111122223333:on-call"],
    )


class Cluster(Section):
    """A cluster file."""

    name: DnsLabel = Field(description="name of the cluster, a DNS label in lower case", examples=["ha"])
    account: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] = Field(
        description="AWS account id, 12 digits in quotes", examples=["111122223333"]
    )
    region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] = Field(
        description="AWS region, commercial or GovCloud", examples=["eu-central-1"]
    )
    zones: tuple[str, ...] = Field(
        description="one or three availability zones of the region, in the order of the slots a, b, c",
        examples=[["eu-central-1a", "eu-central-1b", "eu-central-1c"]],
    )
    network: Network
    api: Api = Api()
    dns: Dns
    kubernetes: Kubernetes = Kubernetes()
    service_accounts: ServiceAccounts = ServiceAccounts()
    artifacts: Artifacts = Artifacts()
    registries: Registries = Registries()
    image: Image
    masters: Masters
    backups: Backups = Backups()
    audit_log: AuditLog = AuditLog()
    alarms: Alarms = Alarms()
    security: Security = Security()
    access: Access = Access()
    oidc_issuers: tuple[OidcIssuer, ...] = Field(
        default=(),
        max_length=64,
        description="identity providers with which people log in, instead of the administrator's kubeconfig",
    )
    worker_groups: tuple[WorkerGroup, ...] = Field(
        default=(), description="groups of workers, any number; none is allowed"
    )
    addons: Addons = Addons()
    tags: dict[str, str] = Field(
        default={},
        description="AWS tags of all resources; all values are strings: put true and numbers in quotes",
        examples=[{"environment": "production"}],
    )

    @property
    def slots(self) -> dict[str, str]:
        """Each slot's zone: `a` is the first zone in the file, `b` the second, `c` the third."""
        return dict(zip("abc", self.zones, strict=False))

    @property
    def api_name(self) -> str:
        """Name by which people reach the API."""
        return f"api.{self.dns.zone_name}"

    @property
    def node_api_name(self) -> str:
        """Name by which nodes reach the API: always the load balancer inside the VPC.

        It does not depend on `api.exposure`: nodes that run must find the API while that changes.
        """
        public_zone = self.dns.hosted_zone_id is not None
        return f"api-internal.{self.dns.zone_name}" if public_zone else self.api_name

    def etcd_name(self, slot: str) -> str:
        """Stable name of a slot's etcd member, whichever instance is in the slot."""
        return f"etcd-{slot}.{self.dns.zone_name}"

    def place_of(self, registry: EcrRegistry) -> tuple[str, str]:
        """Account and region of a registry."""
        return registry.account or self.account, registry.region or self.region

    @property
    def registry_hosts(self) -> tuple[str, ...]:
        """All names of the private registries that nodes pull from, in the order of the file."""
        named = (host for registry in self.registries.ecr for host in hosts(*self.place_of(registry)))
        return tuple(dict.fromkeys(named))

    @property
    def max_nodes(self) -> int:
        """Largest number of nodes at once, masters included."""
        return len(self.zones) + sum(group.max_size for group in self.worker_groups)
