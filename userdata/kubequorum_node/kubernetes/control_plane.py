"""The control plane of this master: certificates, static pods, and the proof that it works."""

from kubequorum_node.etcd import manifest, membership, names
from kubequorum_node.etcd.voting import wait_until_voting
from kubequorum_node.kubeadm import ca_set, fixed_settings, master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import (
    api_server,
    api_server_files,
    certificates,
    controllers,
    shared_configuration,
)
from kubequorum_node.log import info
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.repair import damaged_data
from kubequorum_node.supervision import systemctl, unit_files
from kubequorum_node.volume import filesystem, slot_record
from kubequorum_node.volume.slot_volume import SlotVolume

_MANIFESTS = "/etc/kubernetes/manifests"
_MANIFEST = f"{_MANIFESTS}/kube-apiserver.yaml"
_PREFLIGHT_SECONDS = 600
"""It pulls the images."""


def check_host(node: Node) -> None:
    """Check the host and pull the images, unless a control plane or its kubelet is here already.

    The checks are for a host on which nothing runs yet: the kubelet's port must be free.
    """
    if node.host.path(_MANIFEST).exists() or systemctl.is_active(node.host, unit_files.KUBELET):
        info("the kubelet runs, or has static pods: this host was checked before")
        return
    config = f"{WORK_FOLDER}/preflight.yaml"
    master_config.write(node, manifest.etcd_arguments(node), path=config)
    Kubeadm(node.host).init_phase("preflight", config=config, timeout=_PREFLIGHT_SECONDS)


def issue_certificates(node: Node) -> None:
    """Issue leaf certificates and kubeconfigs from the CA set; renew those of an earlier boot."""
    manifest.write_master_config(node)
    api_server_files.write(node, ca_set.install(node))
    had_certificates = node.host.path(certificates.API_SERVER).exists()
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("certs", "all", config=master_config.PATH)
    kubeadm.init_phase("kubeconfig", "all", config=master_config.PATH)
    if had_certificates:
        certificates.renew(node)


def start_kubelet_early(node: Node) -> None:
    """Start the kubelet early on a host without static pods, where it has nothing to run yet.

    The volume may not be mounted yet: etcd's pod of an earlier boot would start with an empty folder.
    """
    if any(node.host.path(_MANIFESTS).glob("*.yaml")):
        info("there are static pods of an earlier boot: the kubelet waits for the volume")
        return
    _start_kubelet(node)


def start(node: Node) -> None:
    """Start etcd and the API server as static pods, without waiting for them."""
    if not filesystem.has_wal(node):
        # A member that forms the cluster, or rejoins it, resolves its own name.
        names.wait_until_here(node)
    if is_new := membership.is_new(node):
        names.announce(node)
    names.wait_for_peers(node, first_formation=is_new)
    manifest.write(node)
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("control-plane", "apiserver", config=master_config.PATH)
    _start_kubelet(node)


def wait_until_up(node: Node, volume: SlotVolume) -> None:
    """Wait until etcd and the API server work on this host; a member with unusable data rejoins."""
    member = damaged_data.start_member(node, volume, since=node.host.time())
    info(f"etcd member {member:x} works and has a vote")
    api_server.wait_until_ready(node)
    info("the API server on this host is ready")
    # Earlier they would only take CPU time from it, crash, and end in a back-off.
    kubeadm = Kubeadm(node.host)
    for component in ("controller-manager", "scheduler"):
        kubeadm.init_phase("control-plane", component, config=master_config.PATH)


def _start_kubelet(node: Node) -> None:
    # Never enabled: after a restart of the host the volume must be mounted first.
    if not systemctl.is_active(node.host, unit_files.KUBELET):
        Kubeadm(node.host).init_phase("kubelet-start", config=master_config.PATH)


def configure_cluster(node: Node, *, bootstrap_token: str) -> str:
    """Write what all masters share, with a fresh token for workers; safe to repeat, and every master does.

    Returns the version of Kubernetes to which the cluster's configuration belongs now.
    """
    version = shared_configuration.write(node, bootstrap_token=bootstrap_token)
    # It bypasses all authorization. admin.conf suffices, and its rights can be revoked.
    node.host.path(api_server.SUPER_ADMIN_KUBECONFIG).unlink(missing_ok=True)
    return version


def prove_health(node: Node, volume: SlotVolume) -> None:
    """Prove that this master is healthy: its member votes and has caught up, its control plane answers.

    That includes what only works for the cluster, controller-manager and scheduler: an update with which they
    cannot run must end with the first master, not when no leader is left.
    From then on the slot's record says that the volume holds the member's data.

    Raises:
        WaitError: says what is not.

    """
    wait_until_voting(node)
    api_server.wait_until_ready(node)
    controllers.wait_until_healthy(node)
    fixed_settings.fix(node)
    slot_record.finish(node, volume_id=volume.volume_id)
