"""What must hold between the values of a cluster file. Each check yields the problems it finds."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from kubequorum.config.addresses import address_problems
from kubequorum.config.model import Architecture, Cluster, WorkerGroup
from kubequorum.config.names import group_logical_id, name_problems
from kubequorum.config.problem import Problem
from kubequorum.versions import SUPPORTED_KUBERNETES_VERSIONS

_ARM_TYPE = re.compile(r"^(a1|[a-z]+[0-9]+[a-z]*g[a-z]*)\.")
"""Graviton types have a g after the generation (m7g, c7gn, im4gn), or are a1.
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""

_MIRROR = re.compile(
    r"^(https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?|s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9])"
    r"(/[-A-Za-z0-9._~]+)*/?$"
)
"""Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

_LABEL = re.compile(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_KUBELET_MAY_SET = ("node.kubernetes.io", "kubelet.kubernetes.io")
"""https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction"""


def problems_of(cluster: Cluster) -> Iterator[Problem]:
    """Everything that is wrong with a cluster file whose values are fine one by one."""
    yield from _zones(cluster)
    yield from _version(cluster)
    yield from _mirror(cluster)
    yield from address_problems(cluster)
    yield from _exposure(cluster)
    yield from _machines(cluster)
    for index, group in enumerate(cluster.worker_groups):
        yield from _worker_group(f"worker_groups.{index}", group)
    yield from _group_names(cluster)
    yield from _volume(cluster)
    yield from name_problems(cluster)


def _zones(cluster: Cluster) -> Iterator[Problem]:
    zones = cluster.zones
    if len(zones) not in (1, 3):
        yield Problem(
            "zones",
            list(zones),
            f"{len(zones)} zones cannot hold a quorum better than one",
            "name one zone, or three: etcd survives the loss of a zone only with three",
        )
    for zone in zones:
        if not re.fullmatch(re.escape(cluster.region) + r"[a-z]", zone):
            yield Problem(
                "zones", zone, f"is no zone of {cluster.region}", f"use names like {cluster.region}a"
            )
    for zone, times in Counter(zones).items():
        if times > 1:
            yield Problem("zones", zone, f"is named {times} times", "name three different zones")


def _version(cluster: Cluster) -> Iterator[Problem]:
    version = cluster.kubernetes.version
    if version not in SUPPORTED_KUBERNETES_VERSIONS:
        supported = ", ".join(SUPPORTED_KUBERNETES_VERSIONS)
        yield Problem("kubernetes.version", version, "is not supported", f"use one of {supported}")


def _mirror(cluster: Cluster) -> Iterator[Problem]:
    mirror = cluster.artifacts.mirror
    if mirror is not None and not _MIRROR.fullmatch(mirror):
        yield Problem(
            "artifacts.mirror",
            mirror,
            "is no address that machines could fetch from",
            "use https://host/path, http://host:port/path or s3://bucket/prefix, and nothing after the path",
        )


def _exposure(cluster: Cluster) -> Iterator[Problem]:
    api = cluster.api
    if api.exposure == "public" and not api.allowed_cidrs:
        yield Problem(
            "api.allowed_cidrs",
            "[]",
            "a public API that nobody outside the VPC may reach",
            "name the ranges that may connect, or set api.exposure to internal",
        )
    if api.exposure == "public" and cluster.network.nat == "none":
        yield Problem(
            "api.exposure",
            "public",
            "a VPC with network.nat = none has no internet gateway",
            "set api.exposure to internal, or network.nat to per-zone or single",
        )


def _machines(cluster: Cluster) -> Iterator[Problem]:
    masters = cluster.masters
    yield from _instance_type("masters.instance_type", masters.instance_type, masters.architecture)
    used = [
        ("masters", masters.architecture),
        *((f"group {group.name}", group.architecture) for group in cluster.worker_groups),
    ]
    for user, architecture in used:
        if not cluster.image.names(architecture):
            yield Problem(
                f"image.{architecture}",
                None,
                f"is missing, and {user} needs it",
                "add the id of a Debian 13 image of that architecture in this region",
            )


def _instance_type(key: str, instance_type: str, architecture: Architecture) -> Iterator[Problem]:
    actual = Architecture.ARM64 if _ARM_TYPE.match(instance_type) else Architecture.AMD64
    if actual is not architecture:
        yield Problem(
            key,
            instance_type,
            f"is {actual}, but architecture is {architecture}",
            f"choose an {architecture} type, or set architecture to {actual}",
        )


def _worker_group(key: str, group: WorkerGroup) -> Iterator[Problem]:
    if group.min_size > group.max_size:
        yield Problem(
            f"{key}.min_size",
            group.min_size,
            f"is more than max_size ({group.max_size})",
            "lower min_size or raise max_size",
        )
    for instance_type, times in Counter(group.instance_types).items():
        yield from _instance_type(f"{key}.instance_types", instance_type, group.architecture)
        if times > 1:
            yield Problem(
                f"{key}.instance_types",
                instance_type,
                f"is named {times} times",
                "name each type once: Auto Scaling refuses a type that stands there twice",
            )
    for label, value in group.labels.items():
        yield from _label(f"{key}.labels.{label}", label, value)
    for taint_key, times in Counter(taint.key for taint in group.taints).items():
        if times > 1:
            yield Problem(
                f"{key}.taints",
                taint_key,
                f"is the key of {times} taints",
                "use one taint a key: the tag that tells the cluster-autoscaler of it holds one effect",
            )
    for taint in group.taints:
        if not _LABEL.fullmatch(taint.key) or not _LABEL_VALUE.fullmatch(taint.value):
            yield Problem(
                f"{key}.taints",
                f"{taint.key}={taint.value}",
                "is no valid taint",
                "use letters, digits, '-', '_' and '.', at most 63 of them, with an optional prefix/",
            )


def _label(key: str, label: str, value: str) -> Iterator[Problem]:
    if not _LABEL.fullmatch(label) or not _LABEL_VALUE.fullmatch(value):
        remedy = "use letters, digits, '-', '_' and '.', at most 63 of them, with an optional prefix/"
        yield Problem(key, value, "is no valid label", remedy)
    prefix = label.partition("/")[0] if "/" in label else ""
    reserved = prefix.endswith(("kubernetes.io", "k8s.io"))
    if reserved and not prefix.endswith(_KUBELET_MAY_SET):
        yield Problem(
            key,
            value,
            "a kubelet may not give itself this label (NodeRestriction)",
            f"use a prefix of your own, or one that ends in {' or '.join(_KUBELET_MAY_SET)}",
        )


def _group_names(cluster: Cluster) -> Iterator[Problem]:
    for (i, first), (j, second) in combinations(enumerate(cluster.worker_groups), 2):
        if group_logical_id(first.name) == group_logical_id(second.name):
            yield Problem(
                f"worker_groups.{j}.name",
                second.name,
                f"worker_groups.{i} is called {first.name}",
                "give each group a name of its own; a dash before a digit does not count",
            )


def _volume(cluster: Cluster) -> Iterator[Problem]:
    """Limits of gp3. https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html."""
    volume = cluster.masters.etcd_volume
    key = "masters.etcd_volume"
    if volume.iops > max(3000, 500 * volume.size_gib):
        yield Problem(
            f"{key}.iops",
            volume.iops,
            f"gp3 gives at most 500 IOPS for each GiB ({500 * volume.size_gib} here)",
            "lower iops or raise size_gib",
        )
    if volume.throughput_mib_per_s > volume.iops / 4:
        yield Problem(
            f"{key}.throughput_mib_per_s",
            volume.throughput_mib_per_s,
            f"gp3 gives at most 0.25 MiB/s for each IOPS ({volume.iops // 4} here)",
            "lower throughput_mib_per_s or raise iops",
        )
