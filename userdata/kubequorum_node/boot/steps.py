"""The steps of a machine's life by name, each to be run by hand, too."""

from collections.abc import Callable
from dataclasses import dataclass

from kubequorum_node.boot import slot_volume
from kubequorum_node.errors import NodeError
from kubequorum_node.etcd import leadership, membership, names
from kubequorum_node.farewell import drain, load_balancer, static_pods
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import certificates, control_plane, credentials, dead_nodes, join, kubelet
from kubequorum_node.kubernetes.pod_network import PodNetwork
from kubequorum_node.log import say, step
from kubequorum_node.machine import packages, programs, runtime, supervisor, wall_clock
from kubequorum_node.node import Node
from kubequorum_node.repair import replacement
from kubequorum_node.volume import detachment, filesystem, slot_record

LIFECYCLE_UNIT = "kubequorum-lifecycle.service"
BOOT_UNIT = "kubequorum-boot.service"
WATCHDOG_UNIT = "kubequorum-watchdog.service"
POD_NETWORK_UNIT = "kubequorum-pod-network.service"
SHUTDOWN_UNIT = "kubequorum-shutdown.service"
_TIMERS = (
    "kubequorum-credentials.timer",
    "kubequorum-certificates.timer",
    "kubequorum-dead-nodes.timer",
)


@dataclass(frozen=True)
class Step:
    """Something that a machine does, safe to repeat."""

    name: str
    help: str
    run: Callable[[Node], None]
    masters_only: bool = False


def check_identity(node: Node) -> None:
    """Find out who this machine is and what time it has, and refuse the wrong zone."""
    wall_clock.wait_until_right(node)
    me = node.identity
    say(
        f"{me.instance_id} ({me.instance_type}, {me.architecture}) in {me.zone}: {me.address}, {me.node_name}"
    )


def install_programs(node: Node) -> None:
    """Install what the image lacks."""
    packages.install(node)
    programs.install(node)


def configure_cluster(node: Node) -> None:
    """Write what belongs to the cluster, then publish what workers and people need."""
    token = credentials.new_token()
    control_plane.configure_cluster(node, bootstrap_token=token)
    credentials.publish_join_material(node, token)
    credentials.publish_admin_kubeconfig(node)
    supervisor.start(node.host, *_TIMERS)


def report_started(node: Node) -> None:
    """Let the launch go on before etcd works, which takes a second master, if the stack waits for it."""
    node.lifecycle.report_started()


def start_pod_network(node: Node) -> None:
    """Start the service that connects pods."""
    supervisor.start(node.host, POD_NETWORK_UNIT)


def prove_health(node: Node) -> None:
    """Prove that this machine may be counted on."""
    if node.is_master:
        control_plane.prove_health(node)
        slot_record.finish(node)
    else:
        kubelet.wait_until_ready(node)


def start_watchdog(node: Node) -> None:
    """Start the watchdog, and let the others be replaced again: this master is in service."""
    replacement.release_lock(node)
    supervisor.start(node.host, WATCHDOG_UNIT)


def _settle(node: Node) -> None:
    _discard(membership.settle(node))


def _discard(_: object) -> None:
    """A step has no result: what it found is on the machine."""


CHECK_IDENTITY = Step("check-identity", "find out who this machine is; refuse the wrong zone", check_identity)
INSTALL_PROGRAMS = Step(
    "install-programs", "install what the image lacks, by the lock file", install_programs
)
START_RUNTIME = Step("start-runtime", "prepare the kernel, start containerd", runtime.start)
CHECK_MACHINE = Step(
    "check-machine", "kubeadm's preflight checks; pulls the images", control_plane.check_machine, True
)
ATTACH_VOLUME = Step(
    "attach-volume",
    "attach the slot's etcd volume, waiting for a predecessor",
    slot_volume.attach,
    True,
)
MOUNT_VOLUME = Step(
    "mount-volume", "mount it; make a file system only if it is blank", slot_volume.mount, True
)
POINT_NAME = Step("point-name", "let the slot's DNS name lead here", names.point_here, True)
ISSUE_CERTIFICATES = Step(
    "issue-certificates",
    "take or make the CA set; issue the leaf certificates from it",
    control_plane.issue_certificates,
    True,
)
SETTLE_MEMBERSHIP = Step(
    "settle-membership",
    "write the slot's record; decide how etcd starts, and join anew after a loss",
    _settle,
    True,
)
START_CONTROL_PLANE = Step("start-control-plane", "start etcd and the API server", control_plane.start, True)
REPORT_STARTED = Step(
    "report-started",
    "complete the launch hook at once, if the creation of the stack waits for it",
    report_started,
    True,
)
AWAIT_CONTROL_PLANE = Step(
    "await-control-plane", "wait until etcd and the API server work", control_plane.wait_until_up, True
)
CONFIGURE_CLUSTER = Step(
    "configure-cluster", "write what all masters share; publish join material", configure_cluster, True
)
JOIN = Step("join", "join the cluster (workers)", join.join)
START_POD_NETWORK = Step("start-pod-network", "start the service that connects pods", start_pod_network)
PROVE_HEALTH = Step("prove-health", "prove that this machine may be counted on", prove_health)
ENTER_SERVICE = Step(
    "enter-service",
    "complete the launch hook: etcd has its vote, and the API server is ready",
    lambda node: node.lifecycle.enter_service(),
    True,
)
REPORT_READY = Step(
    "report-ready",
    "complete the launch hook and signal CloudFormation",
    lambda node: node.lifecycle.report_ready(),
)
START_WATCHDOG = Step("start-watchdog", "watch this master's health from now on", start_watchdog, True)

# The parts of an end; `farewell` has their order.
MOVE_PODS = Step("move-pods", "cordon the node and ask its pods to move, waiting for none", drain.begin)
EMPTY_NODE = Step("empty-node", "cordon the node and wait until its pods have moved", drain.empty)
MOVE_LEADERSHIP = Step(
    "move-leadership", "let another member lead etcd, if this one does", leadership.hand_over, True
)
LEAVE_LOAD_BALANCER = Step("leave-load-balancer", "leave the API's target groups", load_balancer.leave, True)
REMOVE_OWN_NODE = Step("remove-own-node", "remove this machine's Node object", dead_nodes.remove_own, True)
STOP_CONTROL_PLANE = Step(
    "stop-control-plane", "stop the static pods: the API server before etcd", static_pods.stop_all, True
)
STOP_AT_ONCE = Step(
    "stop-at-once",
    "stop the static pods without grace: for a master that serves nobody",
    static_pods.stop_at_once,
    True,
)
UNMOUNT_VOLUME = Step("unmount-volume", "unmount the slot's volume", filesystem.unmount, True)
DETACH_VOLUME = Step("detach-volume", "detach the slot's volume from this instance", detachment.detach, True)
REPORT_GONE = Step("report-gone", "complete the terminate hook", lambda node: node.lifecycle.report_gone())

BY_HAND = (
    CHECK_IDENTITY,
    INSTALL_PROGRAMS,
    START_RUNTIME,
    CHECK_MACHINE,
    ATTACH_VOLUME,
    MOUNT_VOLUME,
    POINT_NAME,
    ISSUE_CERTIFICATES,
    SETTLE_MEMBERSHIP,
    REPORT_STARTED,
    START_CONTROL_PLANE,
    AWAIT_CONTROL_PLANE,
    ENTER_SERVICE,
    CONFIGURE_CLUSTER,
    JOIN,
    START_POD_NETWORK,
    PROVE_HEALTH,
    REPORT_READY,
    START_WATCHDOG,
    MOVE_PODS,
    EMPTY_NODE,
    MOVE_LEADERSHIP,
    LEAVE_LOAD_BALANCER,
    REMOVE_OWN_NODE,
    STOP_CONTROL_PLANE,
    STOP_AT_ONCE,
    UNMOUNT_VOLUME,
    DETACH_VOLUME,
    REPORT_GONE,
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
        raise NodeError(f"this machine is {node.config.position}: {todo.name} is for masters only")
    with step(todo.name):
        todo.run(node)
