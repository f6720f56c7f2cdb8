"""The section `addons`: which addons a cluster has, their versions and settings."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo

from kubequorum.config.section import (
    Choice,
    DnsLabel,
    DnsName,
    FlagName,
    FlagValue,
    HostedZoneId,
    Section,
    Whole,
)

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
ExtraArgs = dict[FlagName, FlagValue]


def _enabled(*, default: bool = False) -> Any:
    return Field(default=default, description="whether the cluster has it")


def _version(default: str, *, of: str = "") -> Any:
    described = f"version, without a leading v{of}"
    return Field(default=default, description=described, examples=[default])


def _image(path: str, version: str, *, registry: str = "registry.k8s.io", besides: str = "") -> Any:
    """An image; `besides` says what else its registry must have."""
    return Field(
        default=None,
        description=(
            f"its image with tag or digest; without it {path} of {registry} or of "
            f"kubernetes.image_repository{besides}"
        ),
        examples=[f"registry.example.com/{path.rpartition('/')[2]}:v{version}"],
    )


def _extra_args(*, whose: str = "flags without the leading dashes", **example: str) -> Any:
    return Field(
        default={},
        description=f"{whose}, and their values; they override ours",
        examples=[{flag.replace("_", "-"): value for flag, value in example.items()}],
    )


class MetricsServer(Section):
    """What `kubectl top` and the HorizontalPodAutoscaler read from."""

    enabled: Choice = _enabled(default=True)
    version: Version = _version("0.9.0")
    image: ImageName | None = _image("metrics-server/metrics-server", "0.9.0")
    extra_args: ExtraArgs = _extra_args(metric_resolution="30s")


class ExternalDns(Section):
    """Names in Route 53 for Services and Ingresses; needs an issuer of service accounts' roles."""

    enabled: Choice = _enabled()
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
    version: Version = _version("0.21.0")
    image: ImageName | None = _image("external-dns/external-dns", "0.21.0")
    extra_args: ExtraArgs = _extra_args(interval="5m")


class CloudControllerManager(Section):
    """Network load balancers for Services of type LoadBalancer."""

    enabled: Choice = _enabled()
    version: Version = _version("1.36.0")
    image: ImageName | None = _image("provider-aws/cloud-controller-manager", "1.36.0")
    extra_args: ExtraArgs = _extra_args(v="4")


class ClusterAutoscaler(Section):
    """Worker groups that grow for pods which fit nowhere, and shrink again, within min_size and max_size."""

    enabled: Choice = _enabled()
    version: Version = _version("1.36.1", of="; of the cluster's minor version of Kubernetes")
    image: ImageName | None = _image("autoscaling/cluster-autoscaler", "1.36.1")
    extra_args: ExtraArgs = _extra_args(scale_down_unneeded_time="20m")


class EbsCsi(Section):
    """EBS volumes for PersistentVolumeClaims."""

    enabled: Choice = _enabled()
    default_storage_class: Choice = Field(
        default=True,
        description="whether its storage class, gp3, is that of claims which name none",
    )
    version: Version = _version("1.64.0")
    image: ImageName | None = _image(
        "ebs-csi-driver/aws-ebs-csi-driver",
        "1.64.0",
        registry="public.ecr.aws",
        besides=", which have its helpers below csi-components",
    )
    extra_args: ExtraArgs = _extra_args(
        whose="flags of its controller without leading dashes", warn_on_invalid_tag="true"
    )


class Headlamp(Section):
    """A dashboard, which `kubequorum dashboard` opens; it shows what the token of who logs in may see."""

    enabled: Choice = _enabled()
    version: Version = _version("0.45.0")
    image: ImageName | None = _image("headlamp-k8s/headlamp", "0.45.0", registry="ghcr.io")
    extra_args: ExtraArgs = _extra_args(session_ttl="7200")


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
    cluster_autoscaler: ClusterAutoscaler = Field(
        default=ClusterAutoscaler(), description="worker groups that grow and shrink by their pods"
    )
    ebs_csi: EbsCsi = Field(default=EbsCsi(), description="EBS volumes for PersistentVolumeClaims")
    headlamp: Headlamp = Field(default=Headlamp(), description="a dashboard")
    manifests: tuple[Manifest, ...] = Field(default=(), description="manifests of your own")
