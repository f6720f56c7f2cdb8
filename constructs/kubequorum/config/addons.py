"""The section `addons`: which addons a cluster has, their versions and settings."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, StringConstraints, ValidationInfo

from kubequorum.config.section import DnsLabel, DnsName, FlagName, FlagValue, HostedZoneId, Section, Whole

FOLDER = "folder"
"""Key of the validation's context: the folder of the cluster file, in which relative paths begin."""


def _in_folder(value: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get(FOLDER)
    return value if folder is None else str(Path(folder).absolute() / value)


FileName = Annotated[str, StringConstraints(min_length=1), AfterValidator(_in_folder)]
ImageName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9][-a-z0-9._]*)+"
        r"(:[A-Za-z0-9_][-A-Za-z0-9._]{0,127})?(@sha256:[0-9a-f]{64})?$"
    ),
]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]


class MetricsServer(Section):
    """What `kubectl top` and the HorizontalPodAutoscaler read from."""

    enabled: Annotated[bool, Strict()] = Field(default=True, description="whether the cluster has it")
    version: Version = Field(default="0.9.0", description="version, without a leading v", examples=["0.9.0"])
    image: ImageName | None = Field(
        default=None,
        description=(
            "its image with tag or digest; without it metrics-server/metrics-server of registry.k8s.io or of "
            "kubernetes.image_repository"
        ),
        examples=["registry.example.com/metrics-server:v0.9.0"],
    )
    extra_args: dict[FlagName, FlagValue] = Field(
        default={},
        description="flags without the leading dashes, and their values; they override ours",
        examples=[{"metric-resolution": "30s"}],
    )


class ExternalDns(Section):
    """Names in Route 53 for Services and Ingresses; needs an issuer of service accounts' roles."""

    enabled: Annotated[bool, Strict()] = Field(default=False, description="whether the cluster has it")
    zone_id: HostedZoneId | None = Field(
        default=None,
        description="id of the hosted zone in which it may change names; without it the cluster's own zone",
        examples=["Z0123456789ABCDEFGHIJ"],
    )
    domain: DnsName | None = Field(
        default=None,
        description=(
            "domain in that zone, or the zone's own name: it may change this name and those below it, and no "
            "others; required if it is enabled"
        ),
        examples=["apps.example.com"],
    )
    sources: tuple[Literal["ingress", "service"], ...] = Field(
        default=("service", "ingress"), min_length=1, description="what it takes names from"
    )
    version: Version = Field(
        default="0.21.0", description="version, without a leading v", examples=["0.21.0"]
    )
    image: ImageName | None = Field(
        default=None,
        description=(
            "its image with tag or digest; without it external-dns/external-dns of registry.k8s.io or of "
            "kubernetes.image_repository"
        ),
        examples=["registry.example.com/external-dns:v0.21.0"],
    )
    extra_args: dict[FlagName, FlagValue] = Field(
        default={},
        description="flags without the leading dashes, and their values; they override ours",
        examples=[{"interval": "5m"}],
    )


class CloudControllerManager(Section):
    """Network load balancers for Services of type LoadBalancer."""

    enabled: Annotated[bool, Strict()] = Field(default=False, description="whether the cluster has it")
    version: Version = Field(
        default="1.36.0", description="version, without a leading v", examples=["1.36.0"]
    )
    image: ImageName | None = Field(
        default=None,
        description=(
            "its image with tag or digest; without it provider-aws/cloud-controller-manager of "
            "registry.k8s.io or of kubernetes.image_repository"
        ),
        examples=["registry.example.com/cloud-controller-manager:v1.36.0"],
    )
    extra_args: dict[FlagName, FlagValue] = Field(
        default={},
        description="flags without the leading dashes, and their values; they override ours",
        examples=[{"v": "4"}],
    )


class Manifest(Section):
    """Manifests of your own, which masters apply and keep as they are."""

    name: DnsLabel = Field(description="name of the addon, a DNS label in lower case", examples=["my-addon"])
    file: FileName = Field(
        description=(
            "YAML file with Kubernetes objects, relative to the cluster file; of a Helm chart, what `helm "
            "template --include-crds` prints"
        ),
        examples=["my-addon.yaml"],
    )
    version: str = Field(default="", description="version, for people", examples=["1.2.3"])
    needs: tuple[DnsLabel, ...] = Field(
        default=(),
        description="addons that must be ready before it is applied",
        examples=[["metrics-server"]],
    )
    ready_seconds: Whole = Field(
        default=600,
        ge=30,
        le=3600,
        description="seconds until it must be ready, or the deploy fails, 30 to 3600",
    )


class Addons(Section):
    """Addons: what masters apply to the cluster, see docs/addons.md. A change replaces no machine."""

    cloud_controller_manager: CloudControllerManager = Field(
        default=CloudControllerManager(),
        description="network load balancers for Services of type LoadBalancer",
    )
    metrics_server: MetricsServer = Field(
        default=MetricsServer(), description="what `kubectl top` and the HorizontalPodAutoscaler read from"
    )
    external_dns: ExternalDns = Field(
        default=ExternalDns(), description="names in Route 53 for Services and Ingresses"
    )
    manifests: tuple[Manifest, ...] = Field(default=(), description="manifests of your own")
