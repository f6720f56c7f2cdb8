"""Tags that IAM conditions, the cloud provider and the autoscaler match on. Each stands here once."""

from kubequorum.config.names import AUTOSCALER_TAG_PREFIX, CLUSTER_TAG_PREFIX, NODE_TEMPLATE_TAG_PREFIX

CLUSTER = "kubequorum:cluster"
SLOT = "kubequorum:slot"
WORKER_GROUP = "kubequorum:worker-group"

SUBNET_FOR_INTERNAL_LOAD_BALANCERS = "kubernetes.io/role/internal-elb"
SUBNET_FOR_PUBLIC_LOAD_BALANCERS = "kubernetes.io/role/elb"
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""


def of_master(cluster_name: str, slot: str) -> dict[str, str]:
    """Tags by which IAM tells a slot's group and instances from all others."""
    return {CLUSTER: cluster_name, SLOT: slot}


def of_volume(cluster_name: str, slot: str) -> dict[str, str]:
    """Tags of a slot's etcd volume, whoever makes it: the State stack, or a master when that one is lost."""
    return {"Name": f"{cluster_name} etcd-{slot}", **of_master(cluster_name, slot)}


def of_worker(cluster_name: str, group: str) -> dict[str, str]:
    """Tags by which IAM tells a worker group and its instances from all others."""
    return {CLUSTER: cluster_name, WORKER_GROUP: group}


def kubernetes_cluster(cluster_name: str) -> str:
    """The key by which the AWS cloud provider knows what belongs to a cluster (value: owned)."""
    return CLUSTER_TAG_PREFIX + cluster_name


def autoscaler(cluster_name: str) -> dict[str, str]:
    """Auto-discovery tags of the cluster-autoscaler.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    return {f"{AUTOSCALER_TAG_PREFIX}enabled": "true", f"{AUTOSCALER_TAG_PREFIX}{cluster_name}": "owned"}


def autoscaler_node_template(labels: dict[str, str], taints: dict[str, str]) -> dict[str, str]:
    """What a node of a group that is scaled to zero would look like.

    Args:
        labels: node labels.
        taints: taint key to `value:effect`.

    """
    return {f"{NODE_TEMPLATE_TAG_PREFIX}label/{key}": value for key, value in labels.items()} | {
        f"{NODE_TEMPLATE_TAG_PREFIX}taint/{key}": value for key, value in taints.items()
    }
