"""What all masters share in the cluster: kubeadm's configuration, kube-proxy, CoreDNS, and our own objects.

kube-proxy, CoreDNS and the kubelets' configuration belong to one version of Kubernetes, and in an update
masters have two. kube-proxy may not be newer than an API server
(https://kubernetes.io/releases/version-skew-policy/), and kubeadm on a worker refuses a configuration that is
newer than itself. So they stay as they are until every master runs another version, and the last master of an
update writes them when it has proved itself; an older master never overwrites newer ones. `kubeadm upgrade
apply` waits in the same way.
"""

import json
import re

from kubequorum_node.clock import NotYetError
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm import configuration, master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import api_server, cluster_dns, master_versions, shared_objects
from kubequorum_node.log import info
from kubequorum_node.node import WORK_FOLDER, Node

_CONFIG = f"{WORK_FOLDER}/shared.yaml"
_PHASE_SECONDS = 120.0
_COREDNS = ("addon", "coredns")
_OF_ONE_VERSION = (
    (("upload-config", "all"), _CONFIG),
    (("addon", "kube-proxy"), _CONFIG),
    (_COREDNS, _CONFIG),
)
"""kubeadm's phases whose result belongs to a version of Kubernetes."""
_AUTOMATIC_APPROVAL = (
    "kubeadm:node-autoapprove-bootstrap",
    "kubeadm:node-autoapprove-certificate-rotation",
)
"""kubeadm's bindings that let the controller manager approve requests of tokens and nodes."""
_STORED = (
    "get", "configmap", "kubeadm-config", "--namespace=kube-system", "--ignore-not-found", "--output=json",
)  # fmt: skip
"""What `upload-config` writes, first of all."""
_VERSION = re.compile(r"^kubernetesVersion: v?(?P<version>\S+)$", re.MULTILINE)


def write(node: Node, *, bootstrap_token: str) -> str:
    """Write what all masters share; every master does, and it is safe to repeat.

    What belongs to a version of Kubernetes is written only while the cluster has the same version, or none.

    Args:
        node: this host.
        bootstrap_token: a fresh token for workers.

    Returns:
        The version of Kubernetes to which the cluster's configuration belongs now.

    Raises:
        NodeError: the API server does not accept it.

    """
    # In a new cluster the first of them gives the administrator the right to ask what is stored.
    _run(
        node,
        (("mark-control-plane",), master_config.PATH),
        (("bootstrap-token",), _CONFIG),
        (("kubelet-finalize", "all"), master_config.PATH),
        bootstrap_token=bootstrap_token,
    )
    stored, mine = _stored_version(node), node.document.kubernetes_version
    if stored in ("", mine):
        _run(node, *_OF_ONE_VERSION)
    else:
        info(f"the cluster's configuration stays that of Kubernetes {stored} until all masters run {mine}")
    shared_objects.apply(node, seconds=_PHASE_SECONDS)
    # They let a controller approve whatever has a token. None does here (`--controllers`), nor shall later.
    api_server.kubectl(node, "delete", "clusterrolebinding", "--ignore-not-found", *_AUTOMATIC_APPROVAL)
    return stored or mine


def follow_masters(node: Node) -> bool:
    """Write what belongs to this master's version of Kubernetes, if the cluster has another one's.

    Only when all masters run this version, by the slots' records. A slot's record is written before its
    master starts, so of two masters that come here at the same time at least one sees the other.

    Returns:
        Whether it was written.

    Raises:
        NodeError: the API server does not accept it.

    """
    mine = node.document.kubernetes_version
    if (stored := _stored_version(node)) == mine:
        return False
    if others := _others(node, mine):
        info(f"the cluster's configuration stays as it is, {stored or 'none'}: {', '.join(others)}")
        return False
    info(f"all masters run Kubernetes {mine}: the cluster's configuration follows, from {stored or 'none'}")
    _run(node, *_OF_ONE_VERSION)
    return True


def _others(node: Node, mine: str) -> list[str]:
    """Slots whose master runs another version, for people."""
    return [
        f"slot {slot} runs {version or 'a version that its record does not say'}"
        for slot, version in master_versions.of_others(node).items()
        if version != mine
    ]


def _stored_version(node: Node) -> str:
    """The version of Kubernetes that the cluster's configuration belongs to; empty if there is none yet."""

    def ask() -> str:
        try:
            return api_server.kubectl(node, *_STORED).stdout
        except CommandError as error:
            raise NotYetError(str(error)) from error

    text = node.clock.poll("kubeadm's configuration in the cluster", ask, seconds=_PHASE_SECONDS, pause=2.0)
    stored = json.loads(text or "{}").get("data", {}).get("ClusterConfiguration", "")
    found = _VERSION.search(stored)
    return found["version"] if found else ""


def _run(node: Node, *phases: tuple[tuple[str, ...], str], bootstrap_token: str = "") -> None:
    master = master_config.of(node, bootstrap_token=bootstrap_token)
    shared = configuration.shared_config(
        node.document, master, patches_folder=cluster_dns.write_patches(node)
    )
    node.host.write(_CONFIG, shared, mode=0o600)
    kubeadm = Kubeadm(node.host)
    for phase, config in phases:
        if phase == _COREDNS and (found := cluster_dns.newer_than_kubeadms(node, config)):
            info(f"CoreDNS stays {found}: kubeadm's own is older, and it would refuse that one")
            continue
        kubeadm.retry_init_phase(*phase, config=config, clock=node.clock, seconds=_PHASE_SECONDS)
    # It holds the token, and nothing reads it again.
    node.host.path(_CONFIG).unlink(missing_ok=True)
