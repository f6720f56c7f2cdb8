"""Tags that IAM conditions, the cloud provider and the cluster-autoscaler match on, each defined once."""

from kubequorum_node.config import CLUSTER_TAG, SLOT_TAG, WORKER_GROUP_TAG

OWN_PREFIXES = ("kubequorum:", "kubernetes.io/", "k8s.io/")
"""Of tags that the cluster depends on: a cluster file must not set them."""
CLUSTER_PREFIX = "kubernetes.io/cluster/"
AUTOSCALER_PREFIX = "k8s.io/cluster-autoscaler/"
NODE_TEMPLATE_PREFIX = f"{AUTOSCALER_PREFIX}node-template/"

CLUSTER, SLOT, WORKER_GROUP = CLUSTER_TAG, SLOT_TAG, WORKER_GROUP_TAG

SUBNET_FOR_INTERNAL_LOAD_BALANCERS = "kubernetes.io/role/internal-elb"
SUBNET_FOR_PUBLIC_LOAD_BALANCERS = "kubernetes.io/role/elb"
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""


def of_master(cluster_name: str, slot: str) -> dict[str, str]:
    """Tags by which IAM distinguishes a slot's group and instances from all others."""
    return {CLUSTER: cluster_name, SLOT: slot}


def of_volume(cluster_name: str, slot: str) -> dict[str, str]:
    """Tags of a slot's etcd volume, whether the State stack or a master (after a loss) creates it."""
    return {"Name": f"{cluster_name} etcd-{slot}", **of_master(cluster_name, slot)}


def of_worker(cluster_name: str, group: str) -> dict[str, str]:
    """Tags by which IAM distinguishes a worker group and its instances from all others."""
    return {CLUSTER: cluster_name, WORKER_GROUP: group}


def kubernetes_cluster(cluster_name: str) -> str:
    """Key by which the AWS cloud provider recognises what belongs to a cluster (value: owned)."""
    return CLUSTER_PREFIX + cluster_name


def autoscaler(cluster_name: str) -> dict[str, str]:
    """Auto-discovery tags of the cluster-autoscaler.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    return {f"{AUTOSCALER_PREFIX}enabled": "true", f"{AUTOSCALER_PREFIX}{cluster_name}": "owned"}


def autoscaler_node_template(labels: dict[str, str], taints: dict[str, str]) -> dict[str, str]:
    """Describe a node of a group that is scaled to zero, for the cluster-autoscaler.

    Args:
        labels: node labels.
        taints: taint key to `value:effect`.

    """
    return {f"{NODE_TEMPLATE_PREFIX}label/{key}": value for key, value in labels.items()} | {
        f"{NODE_TEMPLATE_PREFIX}taint/{key}": value for key, value in taints.items()
    }


def of_worker_instances(cluster_name: str, group: str) -> dict[str, str]:
    """Tags of a worker group that its instances get, too."""
    return {
        **of_worker(cluster_name, group),
        "Name": f"{cluster_name} worker-{group}",
        kubernetes_cluster(cluster_name): "owned",
    }


def of_worker_group_only(cluster_name: str, labels: dict[str, str], taints: dict[str, str]) -> dict[str, str]:
    """Tags of a worker group that its instances do not get; arguments as `autoscaler_node_template`."""
    return {**autoscaler(cluster_name), **autoscaler_node_template(labels, taints)}
