"""Leaf certificates are renewed long before they expire, and their users restarted."""

import json

from kubequorum_node.host import Result
from kubequorum_node.kubernetes import certificates
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

KUBEADM = "/usr/local/bin/kubeadm certs"
CRICTL = "/usr/local/bin/crictl"
DAY = 86400


def _prepare(node: FakeNode, **days: float | None) -> None:
    listed = [
        {"name": name.replace("_", "."), "missing": left is None, "residualTime": (left or 0) * DAY}
        for name, left in days.items()
    ]
    node.host.on(f"{KUBEADM} check-expiration", json.dumps({"certificates": listed}))
    node.host.on(f"{KUBEADM} renew all", None)
    node.host.on(f"{CRICTL} ps", lambda command, _: Result(0, f"id-of-{command[-1]}\n"))
    node.host.on(f"{CRICTL} stop", None)
    node.host.statuses[f"https://{examples.IDENTITY.address}:6443/readyz"] = 200


def test_fresh_certificates_are_left_alone(node: FakeNode) -> None:
    """Nothing is restarted every week."""
    _prepare(node, apiserver=364, etcd_server=181)
    assert certificates.renew_if_due(node) is False
    assert not node.host.ran(f"{KUBEADM} renew")
    assert not node.host.ran(CRICTL)


def test_if_one_expires_soon_all_are_renewed_and_their_users_restarted(node: FakeNode) -> None:
    """Controller manager and scheduler hold theirs in memory; the API server's readiness is waited for."""
    _prepare(node, apiserver=364, etcd_server=100)
    assert certificates.renew_if_due(node) is True
    assert len(node.host.ran(f"{KUBEADM} renew all")) == 1
    stopped = [line.split()[-1] for line in node.host.ran(f"{CRICTL} stop")]
    assert stopped == [
        "id-of-^kube-controller-manager$",
        "id-of-^kube-scheduler$",
        "id-of-^kube-apiserver$",
    ]


def test_masters_do_not_restart_together(node: FakeNode) -> None:
    """Machines of the same age would: each waits for a time of its own first."""
    _prepare(node, apiserver=1)
    certificates.renew_if_due(node)
    assert node.clock.now() > 1000


def test_the_kubeconfig_that_was_removed_on_purpose_does_not_count(node: FakeNode) -> None:
    """super-admin.conf is not there, and is not missed; any other that is missing is due."""
    _prepare(node, apiserver=364, super_admin_conf=None)
    node.host.on(
        f"{KUBEADM} check-expiration",
        json.dumps(
            {
                "certificates": [
                    {"name": "super-admin.conf", "missing": True},
                    {"name": "apiserver", "missing": False, "residualTime": 364 * DAY},
                ]
            }
        ),
    )
    assert certificates.days_left(node) == 364
    _prepare(node, apiserver=None)
    assert certificates.days_left(node) == 0
