"""A worker's first certificate: the key is proved before it is asked for, and the kubelet finds both."""

import base64
import json
import stat
from typing import Any

import pytest

from kubequorum_node.approver import signing_request
from kubequorum_node.clock import WaitError
from kubequorum_node.kubernetes import join
from kubequorum_node.kubernetes.identity_proof import hash_of
from kubequorum_node.kubernetes.kubelet import CLIENT_CERTIFICATE, KUBECONFIG
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.joining import Signer, kubeadm_notes_its_config, material, publish, signer

__all__ = ["signer"]


def test_a_worker_proves_its_key_before_it_asks(worker: FakeNode, signer: Signer) -> None:
    """In the object that IAM lets this instance write, and no other; the key is in no argument."""
    publish(worker, material())
    kubeadm_notes_its_config(worker)
    join.join(worker)
    (proof,), (request,) = signer.proofs, signer.requests
    found = signing_request.read(request)
    assert proof == hash_of(found.public_key)
    assert found.common_name == "system:node:i-0123456789abcdef0"
    assert found.organization == "system:nodes"
    assert not any("PRIVATE" in word for command in worker.host.commands for word in command)


def test_the_kubelet_finds_its_certificate_and_may_renew_it(worker: FakeNode) -> None:
    """As it leaves them itself: a link to certificate and key, and a kubeconfig with the CA."""
    publish(worker, material())
    kubeadm_notes_its_config(worker)
    join.join(worker)
    link = worker.host.path(CLIENT_CERTIFICATE)
    assert link.is_symlink()
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    assert link.read_text().startswith("CERTIFICATE\n-----BEGIN EC PRIVATE KEY-----")
    kubeconfig = json.loads(worker.host.read(KUBECONFIG) or "")
    (user,), (cluster,) = kubeconfig["users"], kubeconfig["clusters"]
    assert set(user["user"].values()) == {CLIENT_CERTIFICATE}
    assert base64.b64decode(cluster["cluster"]["certificate-authority-data"]) == b"CA\n"
    assert cluster["cluster"]["server"] == "https://api.ha.kubequorum.internal:6443"


@pytest.mark.parametrize("kind", ["Denied", "Failed"])
def test_a_worker_that_is_denied_asks_again(worker: FakeNode, signer: Signer, kind: str) -> None:
    """EC2 may not have known it yet."""
    condition = {"type": kind, "reason": "InstanceUnknown", "message": "EC2 knows no such instance"}
    signer.answers = [{}, {"conditions": [{"type": "Approved"}]}, {"conditions": [condition]}]
    publish(worker, material())
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert (len(signer.requests), len(seen)) == (2, 1)


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({}, "request-.* is pending"),
        ({"conditions": [{"type": "Denied", "reason": "NotAWorker", "message": "no"}]}, "denied: NotAWorker"),
    ],
)
def test_a_worker_without_a_certificate_gives_up_and_says_why(
    worker: FakeNode, signer: Signer, status: dict[str, Any], why: str
) -> None:
    """Nobody answers, or all deny; the next launch tries again."""
    signer.answers = [status] * 10_000
    publish(worker, material())
    with pytest.raises(WaitError, match=why):
        join.join(worker)
