"""cluster-autoscaler: that there is a group which it may resize."""

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
