"""The control plane of this master: certificates, static pods, and what masters write into the cluster."""

import json
import os

from kubequorum_node.etcd import membership, names
from kubequorum_node.etcd.voting import wait_until_voting
from kubequorum_node.kubeadm import ca_set, configuration
from kubequorum_node.kubeadm.configuration import Master
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import api_server, api_server_files, certificates
from kubequorum_node.log import info
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.repair import damaged_data
from kubequorum_node.system import supervisor
from kubequorum_node.volume import filesystem

NODE_CONFIG = f"{WORK_FOLDER}/node.yaml"
_SHARED_CONFIG = f"{WORK_FOLDER}/shared.yaml"
_KUBELET = "kubelet.service"
_MANIFESTS = "/etc/kubernetes/manifests"
_MANIFEST = f"{_MANIFESTS}/kube-apiserver.yaml"
_PHASE_SECONDS = 120.0
_IGNORED_ALWAYS = ("DirAvailable--var-lib-etcd-data",)
"""A volume that comes back has etcd's data on it."""
_PREFLIGHT_SECONDS = 600
"""Images are pulled in it."""


def ignored_preflight_errors() -> tuple[str, ...]:
    """What an image wants ignored: KUBEQUORUM_IGNORE_PREFLIGHT_ERRORS, joined by commas."""
    return tuple(filter(None, os.environ.get("KUBEQUORUM_IGNORE_PREFLIGHT_ERRORS", "").split(",")))


def check_machine(node: Node) -> None:
    """Check the machine and pull the images; not again once a control plane or its kubelet is here.

    The checks are of a machine on which nothing runs yet: the kubelet's port must be free.
    """
    if node.host.path(_MANIFEST).exists() or supervisor.is_active(node.host, _KUBELET):
        info("the kubelet runs, or has static pods: this host was checked before")
        return
    config = f"{WORK_FOLDER}/preflight.yaml"
    node.host.write(config, configuration.node_config(node.document, _master(node)), mode=0o600)
    Kubeadm(node.host).init_phase("preflight", config=config, timeout=_PREFLIGHT_SECONDS)


def issue_certificates(node: Node) -> None:
    """Issue leaf certificates and kubeconfigs from the CA set; renew those that an earlier boot left."""
    _write_node_config(node)
    api_server_files.write(node, ca_set.install(node))
    had_certificates = node.host.path(certificates.API_SERVER).exists()
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("certs", "all", config=NODE_CONFIG)
    kubeadm.init_phase("kubeconfig", "all", config=NODE_CONFIG)
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
    names.wait_for_peers(node, first_formation=membership.begins(node))
    write_etcd_manifest(node)
    kubeadm = Kubeadm(node.host)
    kubeadm.init_phase("control-plane", "apiserver", config=NODE_CONFIG)
    _start_kubelet(node)


def wait_until_up(node: Node) -> None:
    """Wait until etcd and the API server work on this machine; a member with unusable data joins anew."""
    member = damaged_data.start_member(node, write_etcd_manifest, since=node.host.time())
    info(f"etcd member {member:x} works and has a vote")
    api_server.wait_until_ready(node)
    info("the API server on this machine is ready")
    # Before that they would only take time from it, give up, and be held back as containers that crash.
    kubeadm = Kubeadm(node.host)
    for component in ("controller-manager", "scheduler"):
        kubeadm.init_phase("control-plane", component, config=NODE_CONFIG)


def _start_kubelet(node: Node) -> None:
    # Enabled by nobody: after a restart of the machine the volume must be mounted first.
    if not supervisor.is_active(node.host, _KUBELET):
        Kubeadm(node.host).init_phase("kubelet-start", config=NODE_CONFIG)


def write_etcd_manifest(node: Node) -> None:
    """Write etcd's static pod, by what was settled about its membership."""
    _write_node_config(node)
    Kubeadm(node.host).init_phase("etcd", "local", config=NODE_CONFIG)


def configure_cluster(node: Node, *, bootstrap_token: str) -> None:
    """Write what belongs to the whole cluster; every master does, and it does not matter how often.

    Args:
        node: the machine.
        bootstrap_token: a fresh token for workers.

    """
    shared = configuration.shared_config(node.document, _master(node, bootstrap_token))
    node.host.write(_SHARED_CONFIG, shared, mode=0o600)
    kubeadm = Kubeadm(node.host)
    for phase, config in (
        (("upload-config", "all"), _SHARED_CONFIG),
        (("mark-control-plane",), NODE_CONFIG),
        (("bootstrap-token",), _SHARED_CONFIG),
        (("kubelet-finalize", "all"), NODE_CONFIG),
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


def _write_node_config(node: Node) -> None:
    node.host.write(NODE_CONFIG, configuration.node_config(node.document, _master(node)), mode=0o600)


def _master(node: Node, bootstrap_token: str = "") -> Master:
    return Master(
        identity=node.identity,
        slot=node.slot,
        api_load_balancer_name=node.config.api_load_balancer_name,
        membership=membership.settled(node),
        ignored_preflight_errors=_IGNORED_ALWAYS + ignored_preflight_errors(),
        bootstrap_token=bootstrap_token,
    )
