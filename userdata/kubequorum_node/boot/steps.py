"""The steps of a boot; `order` puts them in order."""

import os
from collections.abc import Callable

from kubequorum_node import proxy
from kubequorum_node.boot import etcd_volume
from kubequorum_node.clock import WaitError
from kubequorum_node.document import BUILT_IN_NETWORK
from kubequorum_node.etcd import names
from kubequorum_node.kubeadm import fixed_settings
from kubequorum_node.kubernetes import (
    control_plane,
    controllers,
    credentials,
    join,
    kubelet,
    kubelet_settings,
    load_balancer,
    master_versions,
    shared_configuration,
)
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node
from kubequorum_node.repair import replacement
from kubequorum_node.restore import adoption, settle
from kubequorum_node.step import Step
from kubequorum_node.supervision import systemctl, unit_files
from kubequorum_node.supervision.unit import Phase
from kubequorum_node.system import kernel, packages, programs, service_range, wall_clock
from kubequorum_node.volume import slot_volume
from kubequorum_node.volume.slot_volume import SlotVolume

_FOLDERS = ("/etc/cni/net.d", "/etc/kubernetes/manifests")


def check_identity(node: Node) -> None:
    """Check the clock and the identity of this instance, and refuse the wrong zone."""
    wall_clock.wait_until_right(node)
    me = node.identity
    info(f"{me.instance_id} ({me.instance_type}, {me.architecture}) in {me.zone}: {me.address}")


def install_programs(node: Node) -> None:
    """Install what the image lacks."""
    # Programs first: one that is missing and has no checksum ends the boot before anything is changed.
    programs.install(node)
    packages.install(node)


def start_runtime(node: Node) -> None:
    """Prepare the kernel, start the container runtime, and put the kubelet's unit in place."""
    kernel.prepare(node)
    service_range.refuse_untranslated(node)
    for folder in _FOLDERS:
        node.host.path(folder).mkdir(parents=True, exist_ok=True)
    kubelet_settings.install(node)
    node.runtime.start(
        image_repository=node.document.image_repository,
        extra=node.document.extra.containerd,
        environment=proxy.variables(node.document, os.environ),
        needed_by=(unit_files.KUBELET, *node.supervisor.units_at_shutdown()),
    )
    systemctl.install(node.host, {unit_files.KUBELET: unit_files.read(unit_files.KUBELET)})


def configure_cluster(node: Node) -> None:
    """Write what all masters share, then publish what workers and people need."""
    token = credentials.new_token()
    version = control_plane.configure_cluster(node, bootstrap_token=token)
    adoption.finish(node)
    lowest = master_versions.lower(version, node.document.kubernetes_version)
    credentials.publish_join_material(node, token, lowest_version=lowest)
    credentials.publish_admin_kubeconfig(node)
    node.supervisor.start(Phase.CLUSTER)


def follow_masters(node: Node) -> None:
    """At the end of a Kubernetes update, write what belongs to its version; now workers may have it, too."""
    if shared_configuration.follow_masters(node):
        credentials.renew(node)


def report_started(node: Node) -> None:
    """Complete the launch hook before etcd works, which takes a second master, if the stack waits for it."""
    node.lifecycle.report_started()


def start_pod_network(node: Node) -> None:
    """Start the service that connects pods, unless an addon does."""
    if node.document.network_plugin != BUILT_IN_NETWORK:
        info(f"the pod network is {node.document.network_plugin}, an addon")
        return
    node.supervisor.start(Phase.POD_NETWORK)


def prove_health(node: Node) -> None:
    """Prove that this host is healthy."""
    if node.is_master:
        control_plane.prove_health(node, slot_volume.resolved(node))
    else:
        kubelet.wait_until_ready(node)


def await_clients(node: Node) -> None:
    """Wait until the load balancers send clients to this master, and look once more whether all of it works.

    The first masters of a cluster do not wait: it has no clients yet, and no other master waits for its turn.

    Raises:
        WaitError: the load balancers do not, and an update waits: it must not take the next master away.

    """
    if node.lifecycle.creation_waits():
        info("the stack is being created: nobody's clients depend on this master yet")
        return
    try:
        load_balancer.wait_until_healthy(node)
    except WaitError as error:
        if node.lifecycle.update_waits():
            raise
        warning(f"continuing: {error}")
    controllers.wait_until_healthy(node)


def start_watchdog(node: Node) -> None:
    """Start the watchdog, and release the replacement lock: this master is in service."""
    replacement.release_lock(node)
    node.supervisor.start(Phase.IN_SERVICE)


def start_addons(node: Node) -> None:
    """Start the service that looks after addons, on masters."""
    if node.is_master:
        node.supervisor.start(Phase.ADDONS)


def _with_volume(run: Callable[[Node, SlotVolume], object]) -> Callable[[Node], object]:
    """A step that gets the slot's volume as this boot has resolved it."""
    return lambda node: run(node, slot_volume.resolved(node))


CHECK_IDENTITY = Step("check-identity", "check clock and identity; refuse the wrong zone", check_identity)
CHECK_FIXED_SETTINGS = Step(
    "check-fixed-settings",
    "refuse a cluster file that changes what a living cluster cannot change",
    fixed_settings.check,
    True,
)
INSTALL_PROGRAMS = Step(
    "install-programs", "install programs that the image lacks, as pinned in the lock file", install_programs
)
START_RUNTIME = Step("start-runtime", "prepare the kernel, start the container runtime", start_runtime)
CHECK_HOST = Step(
    "check-host", "kubeadm's preflight checks; pulls the images", control_plane.check_host, True
)
ATTACH_VOLUME = Step(
    "attach-volume",
    "attach the slot's etcd volume, waiting for a predecessor if there is one",
    etcd_volume.attach,
    True,
)
MOUNT_VOLUME = Step(
    "mount-volume",
    "mount it; create a file system only if it is blank",
    _with_volume(etcd_volume.mount),
    True,
)
POINT_NAME = Step("point-name", "point the slot's DNS record at this instance", names.point_here, True)
AWAIT_NAME = Step(
    "await-name", "wait until this host resolves the slot's name to itself", names.wait_until_here, True
)
ISSUE_CERTIFICATES = Step(
    "issue-certificates",
    "fetch or create the CA set; issue the leaf certificates from it",
    control_plane.issue_certificates,
    True,
)
START_KUBELET = Step(
    "start-kubelet",
    "start the kubelet, unless it would start static pods of an earlier boot",
    control_plane.start_kubelet_early,
    True,
)
SETTLE_MEMBERSHIP = Step(
    "settle-membership",
    "write the slot's record; decide how etcd starts: restored, or rejoining after a loss",
    _with_volume(settle.settle),
    True,
)
START_CONTROL_PLANE = Step("start-control-plane", "start etcd and the API server", control_plane.start, True)
REPORT_STARTED = Step(
    "report-started",
    "complete the launch hook early, if the creation of the stack waits for it",
    report_started,
    True,
)
AWAIT_CONTROL_PLANE = Step(
    "await-control-plane",
    "wait until etcd and the API server work",
    _with_volume(control_plane.wait_until_up),
    True,
)
CONFIGURE_CLUSTER = Step(
    "configure-cluster", "write what all masters share; publish join material", configure_cluster, True
)
FOLLOW_MASTERS = Step(
    "follow-masters",
    "at the end of a Kubernetes update, write what belongs to its version",
    follow_masters,
    True,
)
JOIN = Step("join", "join the cluster (workers)", join.join)
START_POD_NETWORK = Step(
    "start-pod-network", "start the service that connects pods, unless an addon does", start_pod_network
)
PROVE_HEALTH = Step("prove-health", "prove that this host is healthy", prove_health)
ENTER_SERVICE = Step(
    "enter-service",
    "complete the launch hook: etcd votes, and the API server is ready",
    lambda node: node.lifecycle.enter_service(),
    True,
)
AWAIT_SERVICE = Step(
    "await-service",
    "retry the completion of the launch hook if it was lost, and complete those of terminated masters",
    lambda node: node.lifecycle.await_service(is_master=node.is_master),
)
AWAIT_CLIENTS = Step(
    "await-clients",
    "wait until the load balancers send clients to this master",
    await_clients,
    True,
)
REPORT_READY = Step(
    "report-ready",
    "complete the launch hook and signal CloudFormation",
    lambda node: node.lifecycle.report_ready(),
)
START_WATCHDOG = Step("start-watchdog", "start the watchdog", start_watchdog, True)
START_ADDONS = Step("start-addons", "start the service that looks after addons (masters)", start_addons)
