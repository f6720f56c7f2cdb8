"""Leaf certificates: valid for a year, renewed at every boot and long before they expire."""

import json
import random

from kubequorum_node.kubeadm import master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import api_server
from kubequorum_node.log import info, timed
from kubequorum_node.node import Node

API_SERVER = "/etc/kubernetes/pki/apiserver.crt"
_DAY_SECONDS = 86400
RENEW_BELOW_DAYS = 180
"""A timer checks every week: that leaves more than twenty attempts, and time for a person to notice."""
_LONGEST_STAGGER_SECONDS = 600
_GRACE_SECONDS = 30.0
_RESTARTED = ("kube-controller-manager", "kube-scheduler", "kube-apiserver")
"""Components that keep, or may keep, the certificates that they started with; etcd reads its own again."""


def renew(node: Node) -> None:
    """Renew all leaf certificates and kubeconfigs of this master; their users must be restarted."""
    Kubeadm(node.host).run("certs", "renew", "all", f"--config={master_config.PATH}")


def renew_if_due(node: Node) -> bool:
    """Renew if one of them expires soon, and restart their users; returns whether it did.

    Masters do that at different times, and each waits until its API server is ready again.
    """
    days = days_left(node)
    if days >= RENEW_BELOW_DAYS:
        info(f"certificates are valid for {days:.0f} more days")
        return False
    # Masters of the same age would restart their API servers together.
    node.clock.sleep(random.uniform(0, _LONGEST_STAGGER_SECONDS))
    info(f"certificates are valid for {days:.0f} more days only: renewing them")
    renew_and_restart(node)
    return True


def renew_and_restart(node: Node) -> None:
    """Renew now, and restart the components that hold the old ones."""
    with timed("renew certificates"):
        renew(node)
    for container in _RESTARTED:
        with timed(f"restart {container}"):
            _restart(node, container)
    api_server.wait_until_ready(node)


def days_left(node: Node) -> float:
    """Days until the first leaf certificate expires; 0 for one that is missing.

    The administrator's short-lived kubeconfigs are not on this host and do not count.
    """
    answer = Kubeadm(node.host).run(
        "certs", "check-expiration", f"--config={master_config.PATH}", "--output=json"
    )
    document = json.loads(answer.stdout)
    left = [
        0.0 if certificate.get("missing") else float(certificate["residualTime"]) / _DAY_SECONDS
        for certificate in document["certificates"]
        # Removed on purpose, see `control_plane.configure_cluster`.
        if certificate["name"] != "super-admin.conf"
    ]
    return min(left)


def _restart(node: Node, container: str) -> None:
    """Stop a static pod's container; the kubelet starts it again."""
    node.runtime.cri.stop(node.runtime.cri.containers(container), grace_seconds=_GRACE_SECONDS)
