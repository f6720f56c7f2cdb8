"""The client of etcd's JSON gateway against a real etcd."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubequorum_node.backup.changes import Revision, joined
from kubequorum_node.backup.connection import client_tls, over_tcp
from kubequorum_node.backup.errors import CompactedError, EtcdRefusedError, EtcdUnavailableError
from kubequorum_node.backup.gateway import Gateway, encode
from lab.artifacts import ensure
from tests.backup.etcds import Cluster, Member, free_ports, wait_until

_OF_A_MASTER = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"


@pytest.fixture
def tls_gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A member that wants client certificates, as kubeadm's do."""
    certificate, key = tmp_path / "own.crt", tmp_path / "own.key"
    subprocess.run(
        [
            *("openssl", *_OF_A_MASTER.split(), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    (port,) = free_ports(1)
    url = f"https://127.0.0.1:{port}"
    with (tmp_path / "etcd.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(str(ensure(["etcd"]).programs["etcd"]), f"--data-dir={tmp_path / 'data'}"),
                *(f"--listen-client-urls={url}", f"--advertise-client-urls={url}"),
                *("--listen-peer-urls=http://127.0.0.1:0", f"--cert-file={certificate}", f"--key-file={key}"),
                *("--client-cert-auth", f"--trusted-ca-file={certificate}", "--unsafe-no-fsync"),
            ],
            stdout=log,
            stderr=log,
        )
    tls = client_tls(ca_file=str(certificate), certificate_file=str(certificate), key_file=str(key))
    gateway = Gateway(over_tcp("127.0.0.1", port, tls=tls))
    try:
        wait_until(lambda: _answers(gateway))
        yield gateway
    finally:
        process.kill()
        process.wait()


def _answers(gateway: Gateway) -> bool:
    try:
        return gateway.revision() > 0
    except EtcdUnavailableError:
        return False


def test_it_works_over_tls_with_a_client_certificate(tls_gateway: Gateway) -> None:
    """For single requests and for a watch."""
    revision = tls_gateway.put(b"key", b"value")
    found = tls_gateway.get(b"key")
    assert found is not None
    assert (found.value, found.mod_revision) == (b"value", revision)
    watch = tls_gateway.watch(start_revision=revision, idle_seconds=10)
    assert next(joined(watch, after=revision - 1, now=lambda: 0.0)).number == revision


def test_a_watch_has_every_revision_as_a_whole(member: Member) -> None:
    """Transactions, deletions of ranges, leases that end, and what needs several messages."""
    gateway = member.gateway()
    begin = gateway.revision()
    seen: list[Revision] = []

    def read() -> None:
        watch = member.gateway().watch(start_revision=begin + 1, idle_seconds=60)
        for revision in joined(watch, after=begin, now=lambda: 0.0):
            seen.append(revision)
            if revision.events[0].key == encode(b"last"):
                return

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    lease = gateway.grant_lease(600)
    for number in range(3):
        gateway.put(b"leased-%d" % number, b"", lease=lease)
    gateway.revoke_lease(lease)
    gateway.txn(success=[{"request_put": {"key": encode(b"n-%d" % n)}} for n in range(100)])
    # Deleted is nothing: no revision.
    gateway.delete(b"not there")
    gateway.delete(b"n", end=b"o")
    gateway.put(b"large", b"x" * (1 << 20))
    last = gateway.put(b"last", b"")
    reading.join(30)
    assert not reading.is_alive()
    assert [revision.number for revision in seen] == list(range(begin + 1, last + 1))
    assert [len(revision.events) for revision in seen] == [1, 1, 1, 3, 100, 100, 1, 1]


def test_errors_say_what_can_be_done(member: Member) -> None:
    """What is gone, what is refused, and what may be tried again."""
    gateway = member.gateway()
    for number in range(5):
        gateway.put(b"key", b"%d" % number)
    gateway.compact(gateway.revision() - 1)
    with pytest.raises(CompactedError):
        gateway.get(b"key", revision=2)
    with pytest.raises(CompactedError):
        list(gateway.watch(start_revision=2, idle_seconds=10))
    with pytest.raises(EtcdRefusedError, match="requested lease not found"):
        gateway.put(b"key", b"", lease=4711)
    assert gateway.granted_ttl(4711) is None
    assert not gateway.keep_alive(4711)
    member.kill()
    with pytest.raises(EtcdUnavailableError):
        gateway.revision()


def test_a_connection_that_was_closed_is_opened_again(member: Member) -> None:
    """Etcd was restarted between two requests."""
    gateway = member.gateway()
    gateway.put(b"key", b"value")
    member.kill()
    member.start()
    wait_until(lambda: _answers(member.gateway()))
    assert gateway.get(b"key") is not None


def test_a_watch_ends_when_its_member_loses_the_others(three: Cluster) -> None:
    """It would stay silent, and look as if nothing happened."""
    one, other = three.followers()
    ended = threading.Event()

    def read() -> None:
        try:
            list(one.gateway().watch(start_revision=1, idle_seconds=60))
        except EtcdUnavailableError:
            ended.set()

    threading.Thread(target=read, daemon=True).start()
    three.leader().kill()
    other.kill()
    assert ended.wait(30)
