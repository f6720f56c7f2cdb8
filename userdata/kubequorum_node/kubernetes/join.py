"""How a worker joins the cluster."""

from datetime import UTC, datetime

from kubequorum_node import settings
from kubequorum_node.clock import NotYetError, WaitError
from kubequorum_node.host import CommandError
from kubequorum_node.kubeadm import configuration
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import first_certificate, master_versions
from kubequorum_node.kubernetes.api_errors import ApiError
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from kubequorum_node.kubernetes.first_certificate import DeniedError
from kubequorum_node.kubernetes.kubelet import CLIENT_CERTIFICATE, KUBECONFIG
from kubequorum_node.log import info, timed
from kubequorum_node.node import WORK_FOLDER, Node
from kubequorum_node.supervision import systemctl, unit_files

_CONFIG = f"{WORK_FOLDER}/join.yaml"
_JOINED = f"{WORK_FOLDER}/joined"
"""Written when all of it is done: a kubelet that has credentials may lack its configuration."""
_LEFT_BY_FAILED_JOIN = (
    _JOINED,
    _CONFIG,
    "/etc/kubernetes/bootstrap-kubelet.conf",
    KUBECONFIG,
    CA_CERTIFICATE,
    "/var/lib/kubelet/config.yaml",
    CLIENT_CERTIFICATE,
)
_MATERIAL_SECONDS = 780.0
"""Longer than a control plane takes to come up, shorter than the launch hook (900 s)."""
_JOIN_SECONDS = 600.0


def join(node: Node) -> None:
    """Join with the credentials that the masters published, unless the node has joined before.

    The token is half an hour old at most; after a failure it is read again, and proved with another key: a
    request that was denied stays denied.

    Raises:
        WaitError: nothing was published, or every attempt failed; with the last reason.

    """
    if node.host.path(_JOINED).exists() and _has_valid_certificate(node):
        info("this node has joined before")
        systemctl.start(node.host, unit_files.KUBELET)
        return

    def attempt() -> None:
        material = wait_for_material(node)
        try:
            with timed(f"join through {material.endpoint}"):
                _join_once(node, material)
        except (ApiError, CommandError, DeniedError, WaitError) as error:
            raise NotYetError(str(error)) from error

    node.clock.poll("joining the cluster", attempt, seconds=_JOIN_SECONDS, pause=3.0, longest_pause=20.0)


def wait_for_material(node: Node) -> JoinMaterial:
    """The masters' join material; waits until there is some that is still valid, and for this version.

    Raises:
        WaitError: there is none in time; with the reason.

    """
    mine = node.document.kubernetes_version

    def look() -> JoinMaterial:
        stored = node.store.get(JOIN_KEY)
        if stored is None:
            raise NotYetError(f"there is no {JOIN_KEY} in the state bucket: no master is in service yet")
        material = JoinMaterial.from_json(stored.text)
        if not material.is_valid(datetime.now(UTC)):
            raise NotYetError(
                f"the token in {JOIN_KEY} expired at {material.expires}: no master has renewed it"
            )
        if not material.kubernetes:
            raise NotYetError(f"{JOIN_KEY} does not say which versions masters run: their release is older")
        if master_versions.is_newer_minor(mine, material.kubernetes):
            raise NotYetError(
                f"this node's kubelet is {mine}, and a master still runs {material.kubernetes} (by {JOIN_KEY}"
                " in the state bucket): no kubelet may be newer than an API server; update all masters first"
            )
        return material

    return node.clock.poll(
        "a token from the masters", look, seconds=_MATERIAL_SECONDS, pause=2.0, longest_pause=10.0
    )


def _join_once(node: Node, material: JoinMaterial) -> None:
    # An attempt that timed out has started it, and kubeadm wants its port free.
    if systemctl.is_active(node.host, unit_files.KUBELET):
        systemctl.stop(node.host, unit_files.KUBELET)
    for path in _LEFT_BY_FAILED_JOIN:
        node.host.path(path).unlink(missing_ok=True)
    first_certificate.obtain(node, material)
    config = configuration.join_config(
        node.document,
        node.identity,
        own_labels=node.config.labels,
        endpoint=material.endpoint,
        token=material.token,
        ca_hash=material.ca_hash,
        cri_socket=node.runtime.socket,
        ignored_preflight_errors=(
            *first_certificate.IGNORED_PREFLIGHT_ERRORS,
            *settings.ignored_preflight_errors(),
        ),
    )
    node.host.write(_CONFIG, config, mode=0o600)
    try:
        Kubeadm(node.host).run("join", f"--config={_CONFIG}", timeout=240)
    finally:
        node.host.path(_CONFIG).unlink(missing_ok=True)
    node.host.write(_JOINED, "")


def _has_valid_certificate(node: Node) -> bool:
    """Whether the kubelet's certificate is there and has not expired: nobody renews one that has."""
    path = node.host.path(CLIENT_CERTIFICATE)
    if not path.exists():
        return False
    check = ("openssl", "x509", "-noout", "-checkend", "0", "-in", str(path))
    return node.host.run(*check, check=False).returncode == 0
