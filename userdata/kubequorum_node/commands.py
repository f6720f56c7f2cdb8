"""What the command line offers: each step by its name, and what timers and services run."""

from kubequorum_node.boot import steps as boot
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import certificates, credentials, dead_nodes
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.log import step
from kubequorum_node.node import Node
from kubequorum_node.step import Step
from kubequorum_node.termination import steps as farewell

BY_HAND = (
    boot.CHECK_IDENTITY,
    boot.INSTALL_PROGRAMS,
    boot.START_RUNTIME,
    boot.CHECK_MACHINE,
    boot.ATTACH_VOLUME,
    boot.MOUNT_VOLUME,
    boot.POINT_NAME,
    boot.ISSUE_CERTIFICATES,
    boot.START_KUBELET,
    boot.SETTLE_MEMBERSHIP,
    boot.REPORT_STARTED,
    boot.START_CONTROL_PLANE,
    boot.AWAIT_CONTROL_PLANE,
    boot.AWAIT_NAME,
    boot.ENTER_SERVICE,
    boot.CONFIGURE_CLUSTER,
    boot.JOIN,
    boot.START_POD_NETWORK,
    boot.PROVE_HEALTH,
    boot.AWAIT_SERVICE,
    boot.REPORT_READY,
    boot.START_WATCHDOG,
    farewell.MOVE_PODS,
    farewell.EMPTY_NODE,
    farewell.MOVE_LEADERSHIP,
    farewell.LEAVE_LOAD_BALANCER,
    farewell.REMOVE_OWN_NODE,
    farewell.STOP_CONTROL_PLANE,
    farewell.STOP_AT_ONCE,
    farewell.UNMOUNT_VOLUME,
    farewell.DETACH_VOLUME,
    farewell.REPORT_GONE,
    farewell.AWAIT_END,
    Step("remove-dead-nodes", "remove Node objects whose instance is gone", dead_nodes.remove, True),
    Step(
        "publish-credentials",
        "renew the join token and the administrator's kubeconfig",
        credentials.renew,
        True,
    ),
    Step(
        "renew-certificates",
        "renew the leaf certificates if one ends soon",
        lambda node: _discard(certificates.renew_if_due(node)),
        True,
    ),
    Step(
        "admin-kubeconfig",
        "print a kubeconfig of a cluster administrator, good for a day",
        lambda node: print(credentials.admin_kubeconfig(node), end=""),
        True,
    ),
    Step("install-ca-set", "take or make the CA set", lambda node: _discard(ca_set.install(node)), True),
    Step(
        "pod-network",
        "keep the pod network as the cluster says, for ever",
        lambda node: PodNetwork(node).run(),
    ),
)
"""What the command line offers besides `boot`, `watch-lifecycle` and `shut-down`."""


def run_by_hand(node: Node, todo: Step) -> None:
    """Run one step.

    Raises:
        NodeError: it is for masters, and this is a worker.

    """
    if todo.masters_only and not node.is_master:
        raise NodeError(f"this machine is {node.config.role}: {todo.name} is for masters only")
    with step(todo.name):
        todo.run(node)


def _discard(_: object) -> None:
    """A step has no result: what it found is on the machine."""
