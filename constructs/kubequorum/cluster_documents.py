"""What instances get to know of the cluster file: cluster.json, beside the node program in its bundle.

Masters and each worker group have their own, which holds only what they
need: a change to a worker group must not replace the masters.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from kubequorum import tags
from kubequorum.config import Cluster, WorkerGroup
from kubequorum.config.checks.addresses import node_mask_bits
from kubequorum.config.components import Kubelet
from kubequorum_node.document import (
    ADMISSION_PLUGINS,
    BackupRetention,
    ClusterDocument,
    EtcdSpec,
    ExtraSettings,
    OidcIssuer,
    SecuritySpec,
    Slot,
    VolumeShape,
)

_GIB = 1 << 30
_LARGEST_QUOTA_GIB = 8
"""The largest that etcd's documentation recommends (https://etcd.io/docs/v3.6/dev-guide/limit/)."""


def master_document(cluster: Cluster, *, stack: str) -> ClusterDocument:
    """The document of all masters."""
    slots = {
        slot: Slot(
            availability_zone=zone,
            etcd_name=cluster.etcd_name(slot),
            volume_tags=tags.of_volume(cluster.name, slot),
        )
        for slot, zone in cluster.slots.items()
    }
    shape = cluster.masters.etcd_volume
    etcd = EtcdSpec(
        version=cluster.kubernetes.etcd.version,
        slots=slots,
        quota_bytes=_quota_bytes(shape.size_gib),
        volume=VolumeShape(
            size_gib=shape.size_gib,
            iops=shape.iops,
            throughput_mib_per_s=shape.throughput_mib_per_s,
        ),
        backups=BackupRetention(
            everything_hours=cluster.backups.everything_hours, daily_days=cluster.backups.daily_days
        ),
    )
    kubernetes = cluster.kubernetes
    extra = ExtraSettings(
        arguments={
            name: flags
            for name, flags in (
                ("kube-apiserver", _with_needed_plugins(kubernetes.api_server.extra_args)),
                ("kube-controller-manager", kubernetes.controller_manager.extra_args),
                ("kube-scheduler", kubernetes.scheduler.extra_args),
                ("etcd", kubernetes.etcd.extra_args),
            )
            if flags
        },
        etcd_environment=kubernetes.etcd.extra_env,
        kubelet=_kubelet(cluster, cluster.masters.kubelet),
        containerd=_containerd(cluster),
    )
    return _document(
        cluster, stack=stack, labels={}, taints=(), etcd=etcd, security=_security(cluster), extra=extra
    )


def worker_document(cluster: Cluster, group: WorkerGroup, *, stack: str) -> ClusterDocument:
    """The document of a group's workers."""
    taints = tuple(taint.model_dump() for taint in group.taints)
    extra = ExtraSettings(kubelet=_kubelet(cluster, group.kubelet), containerd=_containerd(cluster))
    return _document(
        cluster, stack=stack, labels=group.labels, taints=taints, etcd=None, security=None, extra=extra
    )


def _document(
    cluster: Cluster,
    *,
    stack: str,
    labels: dict[str, str],
    taints: tuple[dict[str, str], ...],
    etcd: EtcdSpec | None,
    security: SecuritySpec | None,
    extra: ExtraSettings,
) -> ClusterDocument:
    network = cluster.network
    return ClusterDocument(
        cluster=cluster.name,
        region=cluster.region,
        stack=stack,
        kubernetes_version=cluster.kubernetes.version,
        emulated_version=cluster.kubernetes.emulated_version or "" if etcd is not None else "",
        api_name=cluster.api_name,
        node_api_name=cluster.node_api_name,
        vpc_cidr=str(network.vpc_cidr),
        pod_cidr=str(network.pod_cidr),
        service_cidr=str(network.service_cidr),
        pods_per_node=network.pods_per_node,
        node_mask_bits=node_mask_bits(network.pods_per_node),
        network_plugin=network.plugin,
        image_repository=cluster.kubernetes.image_repository or "",
        mirror=cluster.artifacts.mirror or "",
        https_proxy=network.https_proxy or "",
        private_registries=cluster.registry_hosts,
        # Not the keys themselves: a changed list must not replace machines.
        ssh_user=cluster.access.ssh_user if cluster.access.ssh_keys else "",
        labels=labels,
        taints=taints,
        etcd=etcd,
        security=security,
        extra=extra,
    )


def _security(cluster: Cluster) -> SecuritySpec:
    return SecuritySpec(
        pod_security=cluster.security.pod_security,
        namespaces=dict(sorted(cluster.security.namespaces.items())),
        encrypted_resources=cluster.security.encrypted_resources,
        oidc_issuers=tuple(
            OidcIssuer(
                url=issuer.url,
                audiences=issuer.audiences,
                username_claim=issuer.username_claim,
                username_prefix=issuer.username_prefix,
                groups_claim=issuer.groups_claim or "",
                groups_prefix=issuer.groups_prefix,
                required_claims=issuer.required_claims,
                certificate_authority=issuer.certificate_authority or "",
            )
            for issuer in cluster.oidc_issuers
        ),
    )


def _kubelet(cluster: Cluster, own: Kubelet) -> dict[str, Any]:
    """The cluster's settings with those of a group of nodes over them."""
    return _merged(cluster.kubernetes.kubelet.extra_config, own.extra_config)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings key by key, as the kubelet merges its drop-ins; anything else is replaced."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


def _containerd(cluster: Cluster) -> str:
    """The fragment with its version: without one containerd migrates it from an old format."""
    fragment = cluster.kubernetes.containerd.extra_config.strip()
    if not fragment:
        return ""
    version = "" if "version" in tomllib.loads(fragment) else "version = 3\n"
    return f"{version}{fragment}\n"


def _with_needed_plugins(flags: Mapping[str, str]) -> dict[str, str]:
    """The flags; a list of admission plugins replaces the node program's, so it gets the needed ones."""
    name = "enable-admission-plugins"
    if name not in flags:
        return dict(flags)
    plugins = [plugin for plugin in flags[name].split(",") if plugin]
    return {**flags, name: ",".join(dict.fromkeys([*ADMISSION_PLUGINS, *plugins]))}


def _quota_bytes(volume_gib: int) -> int:
    """Size of etcd's database: half of the volume, for the WAL and a defragmented copy need room."""
    return min(_LARGEST_QUOTA_GIB * _GIB, volume_gib * _GIB // 2)
