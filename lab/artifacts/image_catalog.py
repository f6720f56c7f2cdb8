"""The container images, and the programs from which each is made, or that a mirror must have them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.artifacts.catalog import PAUSE_VERSION

_REGISTRY = "registry.k8s.io"
_ECR = "public.ecr.aws"
_BIN = "/usr/local/bin/"
_IPTABLES = tuple(
    f"/usr/sbin/{family}tables{variant}{verb}"
    for family in ("ip", "ip6")
    for variant in ("", "-nft", "-legacy")
    for verb in ("", "-save", "-restore")
)
_EBS_CSI = {
    "ebs-csi-driver/aws-ebs-csi-driver": "v1.64.0",
    "csi-components/csi-provisioner": "v6.3.0-eksbuild.4",
    "csi-components/csi-attacher": "v4.12.0-eksbuild.5",
    "csi-components/csi-resizer": "v2.2.1-eksbuild.3",
    "csi-components/csi-node-driver-registrar": "v2.17.0-eksbuild.5",
    "csi-components/livenessprobe": "v2.19.0-eksbuild.5",
}
"""Images of the EBS CSI driver: path → tag."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """A container image made from programs, or one that a mirror has."""

    name: str
    references: tuple[str, ...]
    """Full names with tags. {kubernetes}, {etcd}, … are filled in from go.mod, see `images.references`."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Path in the image → program; empty if it cannot be made here."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Path of a symbolic link in the image → where it leads."""
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    """`uid:gid`, root if empty."""
    userland: tuple[str, ...] = ()
    """Paths in the machine root that the image needs too, with what they link to and load."""
    addon: str = ""
    """The addon whose image it is, as a key below `addons` of a cluster file: only machines of clusters with
    that addon have it. Empty: all machines have it."""
    addon_is_default: bool = False
    """Whether a cluster whose file does not mention the addon has it."""
    addon_is_network: bool = False
    """Whether the addon is a pod network, which `network.plugin` of a cluster file names."""

    @property
    def is_mirrored(self) -> bool:
        """Whether its programs cannot be built from Go modules, so that a mirror must have it."""
        return not self.programs


def _control_plane(name: str) -> Image:
    return Image(
        name=name,
        references=(f"{_REGISTRY}/{name}:v{{kubernetes}}",),
        programs={_BIN + name: name},
        entrypoint=(_BIN + name,),
    )


def _calico(
    name: str,
    *,
    programs: Mapping[str, str],
    entrypoint: str,
    links: Mapping[str, str] | None = None,
    userland: tuple[str, ...] = (),
    user: str = "",
) -> Image:
    return Image(
        name=f"calico-{name}",
        references=(f"quay.io/calico/{name}:v{{calico}}",),
        programs=programs,
        links=links or {},
        entrypoint=(entrypoint,),
        userland=userland,
        user=user,
        addon="calico",
        addon_is_network=True,
    )


IMAGES: Mapping[str, Image] = {
    image.name: image
    for image in (
        _control_plane("kube-apiserver"),
        _control_plane("kube-controller-manager"),
        _control_plane("kube-scheduler"),
        Image(
            name="kube-proxy",
            references=(f"{_REGISTRY}/kube-proxy:v{{kubernetes}}",),
            programs={_BIN + "kube-proxy": "kube-proxy"},
            entrypoint=(_BIN + "kube-proxy",),
            # The nftables mode runs nft only; the iptables family is for the iptables mode, and for the
            # cleanup by the nftables mode after it.
            userland=(
                "/usr/sbin/nft",
                *(
                    f"/usr/sbin/{family}tables{verb}"
                    for family in ("ip", "ip6")
                    for verb in ("", "-save", "-restore")
                ),
            ),
        ),
        Image(
            name="etcd",
            # The tags that a cluster file may name, and the version inside.
            references=tuple(f"{_REGISTRY}/etcd:{tag}-0" for tag in ("3.6.8", "3.6.11", "{etcd}")),
            programs={_BIN + name: name for name in ("etcd", "etcdctl", "etcdutl")},
            entrypoint=(_BIN + "etcd",),
        ),
        Image(
            name="coredns",
            # The first is also what kubeadm 1.36 requests, the second what kubeadm 1.37 does.
            references=tuple(f"{_REGISTRY}/coredns/coredns:{tag}" for tag in ("v{coredns}", "v1.14.6")),
            programs={"/coredns": "coredns"},
            entrypoint=("/coredns",),
        ),
        Image(
            name="pause",
            references=(f"{_REGISTRY}/pause:{PAUSE_VERSION}",),
            programs={"/pause": "pause"},
            entrypoint=("/pause",),
            user="65535:65535",
        ),
        Image(
            name="cloud-controller-manager",
            references=(f"{_REGISTRY}/provider-aws/cloud-controller-manager:v{{cloud_provider_aws}}",),
            programs={"/bin/aws-cloud-controller-manager": "aws-cloud-controller-manager"},
            entrypoint=("/bin/aws-cloud-controller-manager",),
            user="65534:65534",
            addon="cloud_controller_manager",
        ),
        Image(
            name="metrics-server",
            references=(f"{_REGISTRY}/metrics-server/metrics-server:v{{metrics_server}}",),
            programs={"/metrics-server": "metrics-server"},
            entrypoint=("/metrics-server",),
            user="65534:65534",
            addon="metrics_server",
            addon_is_default=True,
        ),
        Image(
            name="external-dns",
            references=(f"{_REGISTRY}/external-dns/external-dns:v{{external_dns}}",),
            programs={"/external-dns": "external-dns"},
            entrypoint=("/external-dns",),
            user="65532:65532",
            addon="external_dns",
        ),
        _calico(
            "node",
            programs={"/bin/calico-node": "calico-node", "/sbin/calico-start": "calico-start"},
            entrypoint="/sbin/calico-start",
            userland=(*_IPTABLES, "/usr/sbin/ipset", "/usr/sbin/conntrack"),
        ),
        _calico(
            "cni",
            programs={"/opt/cni/bin/calico": "calico-cni", "/opt/cni/bin/install": "calico-install"},
            # The same program, which looks at its name.
            links={"/opt/cni/bin/calico-ipam": "calico"},
            entrypoint="/opt/cni/bin/install",
        ),
        _calico(
            "kube-controllers",
            programs={
                "/usr/bin/kube-controllers": "calico-kube-controllers",
                "/usr/bin/check-status": "calico-check-status",
            },
            entrypoint="/usr/bin/kube-controllers",
            user="999:999",
        ),
        Image(
            name="cluster-autoscaler",
            references=(f"{_REGISTRY}/autoscaling/cluster-autoscaler:v1.36.1",),
            addon="cluster_autoscaler",
        ),
        *(
            Image(
                name=path.rpartition("/")[2],
                references=(f"{_ECR}/{path}:{tag}",),
                addon="ebs_csi",
            )
            for path, tag in _EBS_CSI.items()
        ),
        Image(
            name="headlamp",
            references=("ghcr.io/headlamp-k8s/headlamp:v0.45.0",),
            addon="headlamp",
        ),
        Image(
            name="netprobe",
            references=("localhost/kubequorum/netprobe:1",),
            programs={"/netprobe": "netprobe"},
            entrypoint=("/netprobe",),
            user="65534:65534",
        ),
        Image(
            name="awsprobe",
            references=("localhost/kubequorum/awsprobe:1",),
            programs={"/awsprobe": "awsprobe"},
            entrypoint=("/awsprobe",),
            user="65534:65534",
        ),
    )
}
