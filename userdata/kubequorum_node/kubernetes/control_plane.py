"""The control plane of this master: certificates, static pods, and what masters write into the cluster."""

import json

from kubequorum_node.etcd import manifest, membership, names
from kubequorum_node.etcd.voting import wait_until_voting
from kubequorum_node.kubeadm import ca_set, configuration, master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import api_server, api_server_files, certificates
from kubequorum_node.log import info
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.repair import damaged_data
from kubequorum_node.supervision import systemctl
from kubequorum_node.volume import filesystem

_SHARED_CONFIG = f"{WORK_FOLDER}/shared.yaml"
_KUBELET = "kubelet.service"
_MANIFESTS = "/etc/kubernetes/manifests"
_MANIFEST = f"{_MANIFESTS}/kube-apiserver.yaml"
_PHASE_SECONDS = 120.0
_PREFLIGHT_SECONDS = 600
"""Images are pulled in it."""


def check_machine(node: Node) -> None:
    """Check the machine and pull the images; not again once a control plane or its kubelet is here.

    The checks are of a machine on which nothing runs yet: the kubelet's port must be free.
    """
    if node.host.path(_MANIFEST).exists() or systemctl.is_active(node.host, _KUBELET):
        info("the kubelet runs, or has static pods: this host was checked before")
        return
    config = f"{WORK_FOLDER}/preflight.yaml"
    master_config.write(node, manifest.etcd_arguments(node), path=config)
    Kubeadm(node.host).init_phase("preflight", config=config, timeout=_PREFLIGHT_SECONDS)


def issue_certificates(node: Node) -> None:
    """Issue leaf certificates and kubeconfigs from the CA set; renew those that an earlier boot left."""
    manifest.write_master_config(node)
    api_server_files.write(node, ca_set.install(node))
    had_certificates = node.host.path(certificates.API_SERVER).exists()
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("certs", "all", config=master_config.PATH)
    kubeadm.init_phase("kubeconfig", "all", config=master_config.PATH)
    if had_certificates:
        certificates.renew(node)


def start_kubelet_early(node: Node) -> None:
    """Start the kubelet of a machine that has no static pods yet, so that it has nothing to start but itself.

    The volume may not be there. etcd's pod from an earlier boot would begin beside it, with nothing.
    """
    if any(node.host.path(_MANIFESTS).glob("*.yaml")):
        info("static pods of an earlier boot are here: the kubelet waits for the volume")
        return
    _start_kubelet(node)


def start(node: Node) -> None:
    """Start etcd and the control plane as static pods; neither needs to work yet."""
    if not filesystem.has_wal(node):
        # A member that begins, or joins anew, looks itself up by its name.
        names.wait_until_here(node)
    names.wait_for_peers(node, first_formation=membership.is_new(node))
    manifest.write(node)
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("control-plane", "apiserver", config=master_config.PATH)
    _start_kubelet(node)


def wait_until_up(node: Node) -> None:
    """Wait until etcd and the API server work on this machine; a member with unusable data joins anew."""
    member = damaged_data.start_member(node, since=node.host.time())
    info(f"etcd member {member:x} works and has a vote")
    api_server.wait_until_ready(node)
    info("the API server on this machine is ready")
    # Before that they would only take time from it, give up, and be held back as containers that crash.
    kubeadm = Kubeadm(node.host)
    for component in ("controller-manager", "scheduler"):
        kubeadm.init_phase("control-plane", component, config=master_config.PATH)


def _start_kubelet(node: Node) -> None:
    # Enabled by nobody: after a restart of the machine the volume must be mounted first.
    if not systemctl.is_active(node.host, _KUBELET):
        Kubeadm(node.host).init_phase("kubelet-start", config=master_config.PATH)


def configure_cluster(node: Node, *, bootstrap_token: str) -> None:
    """Write what belongs to the whole cluster; every master does, and it does not matter how often.

    Args:
        node: the machine.
        bootstrap_token: a fresh token for workers.

    """
    master = master_config.of(node, bootstrap_token=bootstrap_token)
    shared = configuration.shared_config(node.document, master)
    node.host.write(_SHARED_CONFIG, shared, mode=0o600)
    kubeadm = Kubeadm(node.host)
    for phase, config in (
        (("upload-config", "all"), _SHARED_CONFIG),
        (("mark-control-plane",), master_config.PATH),
        (("bootstrap-token",), _SHARED_CONFIG),
        (("kubelet-finalize", "all"), master_config.PATH),
        (("addon", "all"), _SHARED_CONFIG),
    ):
        kubeadm.retry_init_phase(*phase, config=config, clock=node.clock, seconds=_PHASE_SECONDS)
    # The token in it is published elsewhere; nothing reads the file again.
    node.host.path(_SHARED_CONFIG).unlink(missing_ok=True)
    api_server.kubectl(node, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=node_reader())
    # It passes by all authorization. admin.conf does the rest, and the cluster can take its rights away.
    node.host.path(api_server.SUPER_ADMIN_KUBECONFIG).unlink(missing_ok=True)


def prove_health(node: Node) -> None:
    """Prove that this master may be counted on: its member has a vote and has caught up, its API is ready.

    Raises:
        WaitError: what is not as it should be.

    """
    wait_until_voting(node)
    api_server.wait_until_ready(node)


def node_reader() -> str:
    """Lets nodes read all Nodes: the pod network needs their addresses and pod ranges."""
    name = "kubequorum:pod-network"
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:nodes"}],
    }
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [role, binding]})
