"""kubeadm's automatic approval of kubelets' certificates, in place of the masters' own checks.

For what compares with stock kubeadm, and for attacks that must succeed without the checks.
"""

import time
from collections.abc import Iterable
from datetime import datetime

from lab.cluster.client import Cluster
from lab.cluster.health import wait_until

_APPROVER = "kubequorum-node-approver"
_MANIFEST = "/etc/kubernetes/manifests/kube-controller-manager.yaml"
_EDITED = "/root/edited.yaml"
_OFF = ",-certificatesigningrequest-approving-controller"
_BINDING = "kubeadm:node-autoapprove-bootstrap"
_ROLE = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
_GROUP = "system:bootstrappers:kubeadm:default-node-token"
_LED_SECONDS = 120.0


def switch_on(cluster: Cluster, slots: Iterable[str]) -> None:
    """Whoever has a bootstrap token gets a certificate in any node's name, once this has returned.

    Raises:
        CommandError: a command fails on a master, or no controller manager leads in time.
    """
    begin = time.time()
    chosen = list(slots)
    for slot in chosen:
        cluster.sh(cluster.master(slot), f"systemctl stop {_APPROVER}; {_edit(f's/{_OFF}//')}")
    helper = chosen[0]
    rights = (f"--clusterrole={_ROLE}", f"--group={_GROUP}")
    cluster.kubectl("create", "clusterrolebinding", _BINDING, *rights, slot=helper)
    _wait_for_leader(cluster, helper, since=begin)


def switch_off(cluster: Cluster, slots: Iterable[str]) -> None:
    """The masters' own checks again.

    Raises:
        CommandError: a command fails on a master.
    """
    cluster.kubectl("delete", "clusterrolebinding", _BINDING, "--ignore-not-found")
    for slot in slots:
        restored = _edit(f"s/bootstrapsigner,tokencleaner/&{_OFF}/")
        cluster.sh(cluster.master(slot), f"{restored}; systemctl start {_APPROVER}")


def _edit(expression: str) -> str:
    """Change the manifest without a second file in its folder: the kubelet would read that, too."""
    return f"sed '{expression}' {_MANIFEST} >{_EDITED} && cat {_EDITED} >{_MANIFEST}"


def _wait_for_leader(cluster: Cluster, helper: str, *, since: float) -> None:
    """Wait until a controller manager leads that has started since then: all have been restarted."""
    lease = ("lease", "kube-controller-manager", "--namespace=kube-system")

    def look() -> str:
        acquired = cluster.kubectl("get", *lease, "--output=jsonpath={.spec.acquireTime}", slot=helper)
        led = datetime.fromisoformat(acquired).timestamp()
        return "" if led > since else f"the controller manager has led since {acquired}"

    wait_until(look, seconds=_LED_SECONDS, pause_seconds=1.0)
