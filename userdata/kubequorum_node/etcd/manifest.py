"""etcd's static pod, and the kubeadm configuration of this master, of which etcd's membership is a part."""

from kubequorum_node.etcd import membership
from kubequorum_node.etcd.topology import member_arguments
from kubequorum_node.kubeadm import master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.node import Node

PATH = "/etc/kubernetes/manifests/etcd.yaml"


def write(node: Node) -> None:
    """Write etcd's static pod, with the membership that was settled."""
    write_master_config(node)
    Kubeadm(node.host).init_phase("etcd", "local", config=master_config.PATH)


def write_master_config(node: Node) -> None:
    """Write kubeadm's configuration of this master."""
    master_config.write(node, etcd_arguments(node))


def etcd_arguments(node: Node) -> list[tuple[str, str]]:
    """Etcd's flags that only this master's member has."""
    return member_arguments(
        node.etcd_spec, node.slot, membership.settled(node), cluster=node.document.cluster
    )


def remove(node: Node) -> None:
    """Remove the static pod: the kubelet stops etcd, and does not start it again."""
    node.host.path(PATH).unlink(missing_ok=True)
