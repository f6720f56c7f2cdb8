"""Region, zones, and the versions of Kubernetes and etcd."""

import re
from collections import Counter
from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.versions import SUPPORTED_ETCD_VERSIONS, SUPPORTED_KUBERNETES_VERSIONS, unpinned_programs

_OTHER_SUFFIX = re.compile(r"^(cn-|us-iso|eu-iso|eusc-)")
"""Regions whose endpoints are not below amazonaws.com: China, isolated partitions, European Sovereign Cloud.
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""


def region_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check region, zones and versions."""
    if _OTHER_SUFFIX.match(cluster.region):
        yield Problem(
            "region",
            cluster.region,
            "its AWS endpoints are not below amazonaws.com, which user-data and node program rely on",
            "use a commercial or GovCloud (us-gov-*) region",
        )
    yield from _zones(cluster)
    yield from _version(cluster)


def _version(cluster: Cluster) -> Iterator[Problem]:
    version = cluster.kubernetes.version
    if version not in SUPPORTED_KUBERNETES_VERSIONS:
        supported = ", ".join(SUPPORTED_KUBERNETES_VERSIONS)
        yield Problem("kubernetes.version", version, "is not supported", f"use one of {supported}")
        return
    architectures = {cluster.masters.architecture, *(group.architecture for group in cluster.worker_groups)}
    if not cluster.image.has_programs and (programs := unpinned_programs(version, architectures)):
        yield Problem(
            "kubernetes.version",
            version,
            f"userdata/files/artifacts.json has no checksums of {', '.join(programs)} in this version, "
            "without which no instance downloads them",
            f"run `./kubequorum add-version {version}` where upstream can be reached, or name images of your "
            "own that have these programs, and set image.has_programs: true",
        )
    etcd = cluster.kubernetes.etcd.version
    if etcd not in SUPPORTED_ETCD_VERSIONS:
        supported = ", ".join(SUPPORTED_ETCD_VERSIONS)
        yield Problem("kubernetes.etcd.version", etcd, "is not supported", f"use one of {supported}")
    yield from _emulated(cluster)


def _emulated(cluster: Cluster) -> Iterator[Problem]:
    """Only a minor version to which there is a way back."""
    emulated, version = cluster.kubernetes.emulated_version, cluster.kubernetes.version
    if emulated is None:
        return
    major, minor, _ = version.split(".")
    before = f"{major}.{int(minor) - 1}"
    is_supported = any(each.startswith(f"{before}.") for each in SUPPORTED_KUBERNETES_VERSIONS)
    if emulated == before and is_supported:
        return
    yield Problem(
        "kubernetes.emulated_version",
        emulated,
        f"is not the minor version before {version}"
        if emulated != before
        else f"is no version of {', '.join(SUPPORTED_KUBERNETES_VERSIONS)}",
        f"set it to {before!r}, in quotes, or remove it" if is_supported else "remove it",
    )


def _zones(cluster: Cluster) -> Iterator[Problem]:
    zones = cluster.zones
    if len(zones) not in (1, 3):
        yield Problem(
            "zones",
            list(zones),
            f"{len(zones)} zones do not make etcd more available than one",
            "name one zone, or three: etcd survives the loss of a zone only with three",
        )
    for zone in dict.fromkeys(zones):
        if not re.fullmatch(re.escape(cluster.region) + r"[a-z]", zone):
            yield Problem(
                "zones", zone, f"is not a zone of {cluster.region}", f"use names like {cluster.region}a"
            )
    for zone, times in Counter(zones).items():
        if times > 1:
            yield Problem("zones", zone, f"is listed {times} times", "name three different zones")
