"""From a cluster file to the set of its addons."""

from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path

from kubequorum.addons import (
    calico,
    cloud_controller_manager,
    cluster_autoscaler,
    ebs_csi,
    external_dns,
    headlamp,
    metrics_server,
)
from kubequorum.addons.role import AddonRole
from kubequorum.config import Cluster
from kubequorum.config.addons import Manifest
from kubequorum.config.manifests import read_objects
from kubequorum_node.addon_set import Addon, AddonSet

BUILT_IN: tuple[Callable[[Cluster], Addon | None], ...] = (
    calico.addon,
    cloud_controller_manager.addon,
    metrics_server.addon,
    external_dns.addon,
    cluster_autoscaler.addon,
    ebs_csi.addon,
    headlamp.addon,
)
"""Each returns None if the cluster does not want it."""
_ROLES: tuple[Callable[[Cluster, str], AddonRole | None], ...] = (
    cloud_controller_manager.role,
    external_dns.role,
    cluster_autoscaler.role,
    ebs_csi.role,
)


def addon_set(cluster: Cluster) -> AddonSet:
    """All addons that a cluster wants, each after those that it needs.

    Raises:
        ManifestError: a file of the user's has changed since the cluster file was checked.

    """
    built_in = [found for make in BUILT_IN if (found := make(cluster)) is not None]
    addons = {addon.name: addon for addon in (*built_in, *map(_own, cluster.addons.manifests))}
    order = TopologicalSorter({name: addon.needs for name, addon in addons.items()}).static_order()
    return AddonSet(addons=tuple(addons[name] for name in order))


def addon_roles(cluster: Cluster, *, own_zone_id: str) -> tuple[AddonRole, ...]:
    """The AWS roles of the addons that a cluster wants.

    Args:
        cluster: the cluster file.
        own_zone_id: hosted zone with the cluster's own names.

    """
    return tuple(found for make in _ROLES if (found := make(cluster, own_zone_id)) is not None)


def longest_seconds(addons: AddonSet) -> int:
    """How long the set may take until it is ready: addons that need each other come one after the other."""
    until: dict[str, int] = {}
    for addon in addons.addons:
        until[addon.name] = addon.ready_seconds + max((until[need] for need in addon.needs), default=0)
    return max(until.values(), default=0)


def _own(manifest: Manifest) -> Addon:
    return Addon(
        name=manifest.name,
        version=manifest.version,
        objects=read_objects(Path(manifest.file)),
        needs=manifest.needs,
        ready_seconds=manifest.ready_seconds,
    )
