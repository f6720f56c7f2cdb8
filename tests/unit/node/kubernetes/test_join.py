"""Joining: what masters publish, and how workers use it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from kubequorum_node.clock import WaitError
from kubequorum_node.errors import NodeError
from kubequorum_node.host import Result
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import credentials, join
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from kubequorum_node.kubernetes.kubelet import CLIENT_CERTIFICATE, KUBECONFIG
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.joining import (
    KUBEADM,
    TOKEN,
    Signer,
    kubeadm_notes_its_config,
    material,
    publish,
    signer,
)

__all__ = ["signer"]
JOINED = "/etc/kubernetes/kubequorum/joined"


def test_a_worker_joins_with_what_is_published(worker: FakeNode) -> None:
    """Token, end point and the pinned hash go into a private file that does not stay."""
    publish(worker, material())
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    document = json.loads(seen[0])
    assert document["discovery"]["bootstrapToken"] == {
        "apiServerEndpoint": "api.ha.kubequorum.internal:6443",
        "token": TOKEN,
        "caCertHashes": ["sha256:" + "1" * 64],
    }
    assert list(worker.host.path("/etc/kubernetes/kubequorum").iterdir()) == [worker.host.path(JOINED)]


def test_a_worker_that_boots_before_the_masters_waits(worker: FakeNode) -> None:
    """The whole cluster may be booting."""

    def masters() -> None:
        if worker.clock.now() > 1200:
            publish(worker, material())

    worker.clock.on_sleep.append(masters)
    kubeadm_notes_its_config(worker)
    join.join(worker)
    assert worker.clock.now() > 1200


def test_an_expired_token_is_not_used(worker: FakeNode) -> None:
    """All masters were away for hours; when one is back it publishes a new one."""
    publish(worker, material("old000.0000000000000000", minutes=2))

    def renewal() -> None:
        if worker.clock.now() > 1060:
            publish(worker, material())

    worker.clock.on_sleep.append(renewal)
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert len(seen) == 1
    assert TOKEN in seen[0]


def test_without_masters_the_worker_gives_up_in_time_and_says_why(worker: FakeNode) -> None:
    """Before the launch hook does."""
    with pytest.raises(WaitError, match="no master is in service yet"):
        join.join(worker)
    assert worker.clock.now() - 1000 < 900
    assert len(worker.aws.asked("get_object")) < 120


def test_a_failed_join_is_retried_from_the_beginning(worker: FakeNode, signer: Signer) -> None:
    """Its remains would fail kubeadm's checks; the token is read again."""
    publish(worker, material())
    left_over = worker.host.path("/etc/kubernetes/bootstrap-kubelet.conf")
    left_over.parent.mkdir(parents=True)
    left_over.touch()
    seen = kubeadm_notes_its_config(worker, Result(1, "", "connection refused"))
    join.join(worker)
    assert len(seen) == 2
    assert not left_over.exists()
    assert len(worker.aws.asked("get_object")) == 2
    # With another key: a request that was denied stays denied.
    assert len(set(signer.proofs)) == 2


def test_a_kubelet_that_a_failed_join_has_started_is_stopped(worker: FakeNode) -> None:
    """Or every retry would fail: kubeadm checks that nothing listens at its port."""
    publish(worker, material())
    runs, joins = [False], []

    def stop(*_: object) -> None:
        runs[0] = False

    def kubeadm(*_: object) -> Result:
        if runs[0]:
            return Result(1, "", "[ERROR Port-10250]: Port 10250 is in use")
        runs[0] = True
        joins.append(worker.clock.now())
        return Result(0 if len(joins) > 1 else 1, "", "timed out waiting for the condition")

    worker.host.on("systemctl is-active --quiet kubelet.service", lambda *_: Result(0 if runs[0] else 3, ""))
    worker.host.on("systemctl stop kubelet.service", stop)
    worker.host.on(f"{KUBEADM} join", kubeadm)
    join.join(worker)
    assert len(joins) == 2
    assert runs == [True]


def test_a_join_that_was_cut_off_is_done_again(worker: FakeNode) -> None:
    """When the program ended after the certificate was there, and before kubeadm had written all."""
    publish(worker, material())
    for path in (KUBECONFIG, CLIENT_CERTIFICATE):
        worker.host.path(path).parent.mkdir(parents=True, exist_ok=True)
        worker.host.path(path).touch()
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert len(seen) == 1
    worker.host.on("systemctl start kubelet.service", None)
    join.join(worker)
    assert len(seen) == 1, "then it has joined"


def test_a_worker_whose_certificate_has_expired_joins_again(worker: FakeNode) -> None:
    """After masters were away for longer than it was valid: nobody renews it then."""
    for path in (KUBECONFIG, CLIENT_CERTIFICATE, JOINED):
        worker.host.path(path).parent.mkdir(parents=True, exist_ok=True)
        worker.host.path(path).touch()
    worker.host.on("openssl x509", Result(1, "Certificate will expire"))
    publish(worker, material())
    seen = kubeadm_notes_its_config(worker)
    join.join(worker)
    assert len(seen) == 1


def test_a_worker_that_has_joined_only_starts_its_kubelet(worker: FakeNode) -> None:
    """After a restart of the host: it has its own credentials."""
    for path in (KUBECONFIG, CLIENT_CERTIFICATE, JOINED):
        worker.host.path(path).parent.mkdir(parents=True, exist_ok=True)
        worker.host.path(path).touch()
    worker.host.on("systemctl start kubelet.service", None)
    join.join(worker)
    assert worker.aws.requests == []


def test_invalid_join_material_is_an_error(worker: FakeNode) -> None:
    """Not something to wait for."""
    worker.aws.objects[JOIN_KEY] = b"{}"
    with pytest.raises(NodeError, match=r"join/worker\.json .* cannot be read"):
        join.join(worker)


def test_masters_renew_token_and_kubeconfig(node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster knows the token before anybody can read it; secrets go by standard input."""
    monkeypatch.setattr(ca_set, "public_key_hash", lambda _: "sha256:" + "1" * 64)
    order: list[str] = []

    def kubectl(command: tuple[str, ...], stdin: str | None) -> None:
        order.append("cluster")
        secret = json.loads(stdin or "")
        assert secret["type"] == "bootstrap.kubernetes.io/token"
        assert secret["stringData"]["token-secret"] not in " ".join(command)

    node.host.on("/usr/local/bin/kubectl", kubectl)
    node.host.on(
        f"{KUBEADM} kubeconfig user",
        "server: https://api.ha.kubequorum.internal:6443\nname: kubequorum-admin\n",
    )
    node.aws.first("put_object", lambda: order.append("bucket"))
    credentials.renew(node)
    assert order == ["cluster", "bucket"]
    material = JoinMaterial.from_json(node.aws.objects[JOIN_KEY].decode())
    now = datetime.now(UTC)
    assert material.is_valid(now + timedelta(minutes=110))
    assert not material.is_valid(now + timedelta(minutes=120))
    assert "kubequorum-admin" in node.aws.objects["admin/kubeconfig"].decode()
    (line,) = node.host.ran(f"{KUBEADM} kubeconfig user")
    assert "--validity-period=86400s" in line


def test_tokens_are_new_each_time() -> None:
    """And of the form that Kubernetes wants."""
    tokens = {credentials.new_token() for _ in range(50)}
    assert len(tokens) == 50
    for token in tokens:
        name, _, secret = token.partition(".")
        assert (len(name), len(secret)) == (6, 16)
        assert (name + secret).isalnum()
        assert token == token.lower()
