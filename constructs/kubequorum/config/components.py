"""The section `kubernetes`: version, images, and extra settings of each component.

Extra settings are merged with those of Kubequorum. A key that the cluster depends on is refused (see
`checks.components`); all others are passed on, and the component itself reports what it does not know.
"""

from pydantic import Field, JsonValue

from kubequorum.config.section import EnvironmentName, FlagName, FlagValue, ImageRepository, Section
from kubequorum.versions import (
    DEFAULT_ETCD_VERSION,
    DEFAULT_KUBERNETES_VERSION,
    SUPPORTED_ETCD_VERSIONS,
)


class Component(Section):
    """Extra arguments of a component of the control plane."""

    extra_args: dict[FlagName, FlagValue] = Field(
        default={},
        description=(
            "flags without the leading dashes, and their values; a flag that Kubequorum sets is "
            "replaced, one that the cluster depends on is refused; with an unknown flag the component"
            " does not start, the boot fails and the deploy is rolled back"
        ),
        examples=[{"v": "2"}],
    )


class Etcd(Component):
    """Version, extra arguments and environment of etcd."""

    version: str = Field(
        default=DEFAULT_ETCD_VERSION,
        description=(
            f"version of the image that masters run: {' or '.join(SUPPORTED_ETCD_VERSIONS)}; it does not "
            "follow kubernetes.version, and its minor version never changes in the same deployment"
        ),
        examples=[DEFAULT_ETCD_VERSION],
    )

    extra_env: dict[EnvironmentName, FlagValue] = Field(
        default={},
        description=(
            "environment variables of etcd; those that begin with ETCD_ are flags, and are refused "
            "where the flag is"
        ),
        examples=[{"GOGC": "50"}],
    )


class Kubelet(Section):
    """Extra configuration of kubelets."""

    extra_config: dict[str, JsonValue] = Field(
        default={},
        description=(
            "fields of KubeletConfiguration (kubelet.config.k8s.io/v1beta1); mappings are merged key "
            "by key, lists are replaced; a field that the cluster depends on is refused; the kubelet "
            "ignores unknown fields"
        ),
        examples=[{"imageGCHighThresholdPercent": 75}],
    )


class Containerd(Section):
    """Extra configuration of containerd."""

    extra_config: str = Field(
        default="",
        description=(
            "a fragment of containerd's TOML configuration, version 3, as a string; tables are merged"
            " key by key, arrays are appended; a key that the cluster depends on is refused; "
            "containerd logs unknown keys and ignores them"
        ),
        examples=["[plugins.'io.containerd.cri.v1.images']\n  max_concurrent_downloads = 10\n"],
    )


class Kubernetes(Section):
    """Kubernetes version, images, and extra settings of the components."""

    version: str = Field(
        default=DEFAULT_KUBERNETES_VERSION,
        description="Kubernetes version, without a leading v",
        examples=["1.36.3"],
    )
    emulated_version: str | None = Field(
        default=None,
        description=(
            "minor version, the one before that of `version`, as which the control plane behaves: the first "
            "of two steps of an update, from which there is a way back; see docs/operations/update.md"
        ),
        examples=["1.36"],
    )
    image_repository: ImageRepository | None = Field(
        default=None,
        description=(
            "registry and path of the control plane's images, readable without credentials, so not a "
            "private one of ECR; it must have etcd in the version of kubernetes.etcd.version; without it "
            "registry.k8s.io"
        ),
        examples=["registry.example.com/kubernetes"],
    )
    api_server: Component = Field(default=Component(), description="extra settings of kube-apiserver")
    controller_manager: Component = Field(
        default=Component(), description="extra settings of kube-controller-manager"
    )
    scheduler: Component = Field(default=Component(), description="extra settings of kube-scheduler")
    etcd: Etcd = Field(default=Etcd(), description="etcd: its version, and extra settings")
    kubelet: Kubelet = Field(default=Kubelet(), description="extra settings of all kubelets")
    containerd: Containerd = Field(
        default=Containerd(), description="extra settings of containerd on all instances"
    )
