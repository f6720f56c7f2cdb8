"""The cluster file's values for hosts: cluster.json, in the bundle of the node program.

It is the same for all masters, or for all workers of a group. A change of it changes the bundle's checksum,
and so replaces their instances.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from kubequorum_node.errors import NodeError

FILE_NAME = "cluster.json"
API_PORT = 6443
BUILT_IN_NETWORK, CALICO = "builtin", "calico"
"""Pod networks. The second is also the name of its addon and of its DaemonSet's namesake `calico-node`."""
METRICS_NAMESPACE = "Kubequorum"
"""In CloudWatch; masters may write to no other one."""
ADMISSION_PLUGINS = ("NodeRestriction", "DenyServiceExternalIPs")
"""Of the API server, beside those that are on by default. The second refuses Services that claim addresses
which are not theirs (CVE-2020-8554)."""


def ssh_keys_parameter(cluster: str) -> str:
    """Name of the parameter of Systems Manager with the public SSH keys of a cluster's machines."""
    return f"/kubequorum/{cluster}/ssh-keys"


class DocumentError(NodeError):
    """cluster.json does not fit this version of the node program."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A master position."""

    availability_zone: str
    """The zone that its volume is in."""
    etcd_name: str
    """DNS name of its etcd member, whatever instance is in the slot."""
    volume_tags: dict[str, str]
    """Tags of its etcd volume, by which IAM identifies it."""


@dataclass(frozen=True, kw_only=True)
class VolumeShape:
    """A gp3 volume for etcd's data, as a master creates it when the slot's is lost."""

    size_gib: int
    iops: int
    throughput_mib_per_s: int


@dataclass(frozen=True, kw_only=True)
class BackupRetention:
    """How long backups of etcd are kept."""

    everything_hours: int
    """All full snapshots and logs."""
    daily_days: int
    """One full snapshot of each day."""


@dataclass(frozen=True, kw_only=True)
class EtcdSpec:
    """What masters need to know about etcd and each other."""

    version: str
    """Of the image that masters run. It never follows the version of Kubernetes: the default of kubeadm 1.37
    is etcd 3.7. As soon as all members run that, the cluster version is 3.7, and an etcd 3.6, which a
    roll-back would give the masters, refuses to start.
    https://etcd.io/docs/v3.7/upgrades/upgrade_3_7/, and `DefaultEtcdVersion` in
    https://github.com/kubernetes/kubernetes/blob/v1.37.2/cmd/kubeadm/app/constants/constants.go"""
    slots: dict[str, Slot]
    quota_bytes: int
    """Size of the database at which etcd takes no more writes."""
    volume: VolumeShape
    backups: BackupRetention


@dataclass(frozen=True, kw_only=True)
class OidcIssuer:
    """An identity provider with which people log in."""

    url: str
    audiences: tuple[str, ...]
    username_claim: str
    username_prefix: str
    groups_claim: str
    """Empty: users have no groups."""
    groups_prefix: str
    required_claims: dict[str, str]
    certificate_authority: str
    """PEM; empty for the CAs that the image trusts."""


@dataclass(frozen=True, kw_only=True)
class SecuritySpec:
    """What the API server admits, encrypts and accepts."""

    pod_security: str
    """Pod Security Standard of namespaces that do not say otherwise: privileged, baseline or restricted."""
    namespaces: dict[str, str]
    """Namespace to its standard."""
    encrypted_resources: tuple[str, ...]
    """Plural, or plural.group."""
    oidc_issuers: tuple[OidcIssuer, ...]


@dataclass(frozen=True, kw_only=True)
class ExtraSettings:
    """Settings of components that the cluster file adds to those of Kubequorum and kubeadm."""

    arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    """Flags by component (kube-apiserver, kube-controller-manager, kube-scheduler, etcd); masters only."""
    etcd_environment: dict[str, str] = field(default_factory=dict)
    """Environment variables of etcd; masters only."""
    kubelet: dict[str, Any] = field(default_factory=dict)
    """Fields of KubeletConfiguration."""
    containerd: str = ""
    """A fragment of containerd's configuration, TOML."""


@dataclass(frozen=True, kw_only=True)
class ClusterDocument:
    """Everything about the cluster that is known at synthesis."""

    cluster: str
    region: str
    stack: str
    """CloudFormation stack of these hosts, which may wait for their signals."""
    kubernetes_version: str
    """Without a leading v."""
    api_name: str
    """DNS name of the API for people."""
    node_api_name: str
    """DNS name of the API for nodes."""
    vpc_cidr: str
    pod_cidr: str
    service_cidr: str
    pods_per_node: int
    node_mask_bits: int
    """Prefix length of the pod range of one node."""
    network_plugin: str = BUILT_IN_NETWORK
    """The pod network."""
    emulated_version: str = ""
    """The minor version as which the control plane behaves, e.g. 1.36; empty: its own. Masters only."""
    image_repository: str = ""
    """Registry of the control plane's images; empty for kubeadm's own."""
    mirror: str = ""
    """Where programs are downloaded from instead of upstream: https://… or s3://…; empty for upstream."""
    https_proxy: str = ""
    """Proxy to what is outside the VPC: http://host:port; empty for none."""
    private_registries: tuple[str, ...] = ()
    """Hosts of ECR registries whose images the kubelet pulls with the credentials of this host's role."""
    ssh_user: str = ""
    """Who logs in with the cluster's SSH keys; empty for nobody."""
    labels: dict[str, str] = field(default_factory=dict)
    """Node labels of the worker group."""
    taints: tuple[dict[str, str], ...] = ()
    """Taints of the worker group, each with key, value and effect."""
    etcd: EtcdSpec | None = None
    """None for workers."""
    security: SecuritySpec | None = None
    """None for workers."""
    extra: ExtraSettings = field(default_factory=ExtraSettings)

    @property
    def api_endpoint(self) -> str:
        """Where nodes find the API: host and port."""
        return f"{self.node_api_name}:{API_PORT}"

    def to_json(self) -> str:
        """JSON, the same text for the same values."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            DocumentError: a key is missing or unknown, or the text is not a JSON object.

        """
        try:
            values: dict[str, Any] = json.loads(text)
            etcd = values.pop("etcd")
            if etcd is not None:
                slots = {name: Slot(**slot) for name, slot in etcd.pop("slots").items()}
                etcd = EtcdSpec(
                    slots=slots,
                    volume=VolumeShape(**etcd.pop("volume")),
                    backups=BackupRetention(**etcd.pop("backups")),
                    **etcd,
                )
            security = values.pop("security")
            if security is not None:
                security = _security(**security)
            extra = ExtraSettings(**values.pop("extra"))
            taints, registries = (tuple(values.pop(key)) for key in ("taints", "private_registries"))
            return cls(
                **values,
                taints=taints,
                private_registries=registries,
                etcd=etcd,
                security=security,
                extra=extra,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DocumentError(
                f"{FILE_NAME} does not fit this node program ({error}): "
                "both are in one bundle, build it again"
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file in the unpacked bundle."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def _security(
    *, encrypted_resources: list[str], oidc_issuers: list[dict[str, Any]], **values: Any
) -> SecuritySpec:
    issuers = (OidcIssuer(**{**issuer, "audiences": tuple(issuer["audiences"])}) for issuer in oidc_issuers)
    return SecuritySpec(encrypted_resources=tuple(encrypted_resources), oidc_issuers=tuple(issuers), **values)
