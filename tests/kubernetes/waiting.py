"""Nodes of the cluster, and waits for them."""

from kubequorum_cli import validate
from kubequorum_cli.kubernetes import is_ready
from lab.cluster import MachineError
from tests.deploy.deployment import Deployment


def ready_nodes(cluster: Deployment) -> list[str]:
    """Names of the nodes that are Ready; none while the API does not answer."""
    try:
        return [node["metadata"]["name"] for node in cluster.get("nodes") if is_ready(node)]
    except MachineError:
        return []


def wait_for_nodes(cluster: Deployment, count: int) -> None:
    """Wait until so many nodes are Ready."""
    cluster.wait_until(lambda: len(ready_nodes(cluster)) == count, f"{count} nodes are Ready", seconds=180)


def worker_names(cluster: Deployment) -> list[str]:
    """Names of the workers' nodes, in order."""
    nodes = cluster.get("nodes", "-l", "!node-role.kubernetes.io/control-plane")
    return sorted(node["metadata"]["name"] for node in nodes)


def found_ids(cluster: Deployment) -> set[str]:
    """What `validate` finds now."""
    return {finding.id for finding in validate.find(validate.collect(cluster.target))}


def wait_until_nothing_is_found(cluster: Deployment) -> None:
    """Not even a warning, once masters have removed the Nodes that earlier tests have left."""
    cluster.sh(cluster.master("a"), "systemctl start kubequorum-stale-nodes.service")
    cluster.wait_until(lambda: found_ids(cluster) == set(), "nothing is found")
