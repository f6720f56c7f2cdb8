"""What machines are told of the cluster file: cluster.json, beside the node program in its bundle.

Masters and each worker group have one of their own, with no more in it than they
need: a change to a worker group must not replace the masters.
"""

from kubequorum import tags
from kubequorum.config import Cluster, WorkerGroup
from kubequorum.config.checks.addresses import node_mask_bits
from kubequorum_node.document import ClusterDocument, EtcdSpec, Slot, VolumeShape

_GIB = 1 << 30
_LARGEST_QUOTA_GIB = 8
"""What etcd's documentation names as the largest (https://etcd.io/docs/v3.6/dev-guide/limit/)."""


def master_document(cluster: Cluster, *, stack: str) -> ClusterDocument:
    """What masters are told."""
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
        slots=slots,
        quota_bytes=_quota_bytes(shape.size_gib),
        volume=VolumeShape(
            size_gib=shape.size_gib,
            iops=shape.iops,
            throughput_mib_per_s=shape.throughput_mib_per_s,
        ),
    )
    return _document(cluster, stack=stack, labels={}, taints=(), etcd=etcd)


def worker_document(cluster: Cluster, group: WorkerGroup, *, stack: str) -> ClusterDocument:
    """What the workers of a group are told."""
    taints = tuple(taint.model_dump() for taint in group.taints)
    return _document(cluster, stack=stack, labels=group.labels, taints=taints, etcd=None)


def _document(
    cluster: Cluster,
    *,
    stack: str,
    labels: dict[str, str],
    taints: tuple[dict[str, str], ...],
    etcd: EtcdSpec | None,
) -> ClusterDocument:
    network = cluster.network
    return ClusterDocument(
        cluster=cluster.name,
        region=cluster.region,
        stack=stack,
        kubernetes_version=cluster.kubernetes.version,
        api_name=cluster.api_name,
        node_api_name=cluster.node_api_name,
        pod_cidr=str(network.pod_cidr),
        service_cidr=str(network.service_cidr),
        pods_per_node=network.pods_per_node,
        node_mask_bits=node_mask_bits(network.pods_per_node),
        image_repository=cluster.kubernetes.image_repository or "",
        mirror=cluster.artifacts.mirror or "",
        labels=labels,
        taints=taints,
        etcd=etcd,
    )


def _quota_bytes(volume_gib: int) -> int:
    """Size of etcd's database: half of the volume, for the WAL and a defragmented copy need room."""
    return min(_LARGEST_QUOTA_GIB * _GIB, volume_gib * _GIB // 2)
