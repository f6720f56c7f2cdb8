"""cluster-autoscaler: that there is a group which it may resize, and that it is made for this Kubernetes."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem


def cluster_autoscaler_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check it if it is turned on."""
    if not cluster.addons.cluster_autoscaler.enabled:
        return
    if all(group.min_size >= group.max_size for group in cluster.worker_groups):
        yield Problem(
            "addons.cluster_autoscaler.enabled",
            True,
            "there is nothing that it may change: no worker group has a max_size above its min_size",
            "turn it off, or raise the max_size of a group",
        )


def cluster_autoscaler_warnings(cluster: Cluster) -> Iterator[str]:
    """Warn about a version of another minor: it predicts what the scheduler of its own one would do.

    https://github.com/kubernetes/autoscaler/tree/master/cluster-autoscaler#releases
    """
    addon, kubernetes = cluster.addons.cluster_autoscaler, cluster.kubernetes.version
    if addon.enabled and _minor(addon.version) != _minor(kubernetes):
        yield (
            f"addons.cluster_autoscaler.version is {addon.version}, kubernetes.version {kubernetes}: it "
            "predicts what a scheduler of its own minor version would do. Remedy: after an update of "
            f"Kubernetes, name a version {_minor(kubernetes)}.x of the addon."
        )


def _minor(version: str) -> str:
    return version.rpartition(".")[0]
