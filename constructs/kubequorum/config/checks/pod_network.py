"""The pod network: what its settings must say, and that they are those of the chosen one."""

from collections.abc import Iterator

from kubequorum.config.model import Cluster
from kubequorum.config.problem import Problem
from kubequorum.versions import CALICO_KINDS


def pod_network_problems(cluster: Cluster) -> Iterator[Problem]:
    """Check which pod network the cluster has."""
    network = cluster.network
    if network.calico.version not in CALICO_KINDS:
        yield Problem(
            "network.calico.version",
            network.calico.version,
            "is no version of Calico that this app knows the kinds of",
            f"use one of: {', '.join(CALICO_KINDS)}",
        )
    if network.plugin != "calico" and "calico" in network.model_fields_set:
        yield Problem(
            "network.calico",
            network.calico.model_dump(exclude_unset=True),
            f"says nothing to a cluster whose network.plugin is {network.plugin}",
            "remove it, or set network.plugin to calico",
        )
