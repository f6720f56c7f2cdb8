"""A worker's first certificate, from its key to the file that the kubelet reads: the real API and its signer.

The approver has its own rights only, and the worker a token. AWS is what a test says.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubequorum_node.approver import service
from kubequorum_node.approver.service import NodeApprover
from kubequorum_node.aws.identity import Identity
from kubequorum_node.clock import Clock
from kubequorum_node.host import Host
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes import api_connection, approver_role, credentials, first_certificate
from kubequorum_node.kubernetes.api_access import Access, CertificateFile
from kubequorum_node.kubernetes.api_connection import HttpsConnection
from kubequorum_node.kubernetes.first_certificate import DeniedError
from kubequorum_node.kubernetes.kubelet import CLIENT_CERTIFICATE, KUBECONFIG, PKI_FOLDER
from kubequorum_node.kubernetes.path_client import PathClient
from lab.artifacts import ensure
from tests.api_server.programs import openssl
from tests.api_server.servers import ApiServer, running
from tests.api_server.signing import Authority, controller_manager
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode

MASTER, WORKER = "i-0bbbbbbbbbbbbbbbb", examples.IDENTITY.instance_id
_TOKEN = credentials.new_token()
_BOOTSTRAPPERS = "system:bootstrappers:kubeadm:default-node-token"
_RBAC = "rbac.authorization.k8s.io"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The CA of the cluster."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[ApiServer]:
    """A cluster that workers may ask for certificates, as kubeadm and masters make it."""
    more = (f"--client-ca-file={authority.certificate}", "--enable-bootstrap-token-auth=true")
    with running(tmp_path_factory.mktemp("certificates"), more=more) as found:
        found.apply_shared_objects(examples.DOCUMENT)
        found.apply(_binding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper"))
        secret = json.loads(credentials.token_secret(_TOKEN, datetime.now(UTC)))
        assert found.post("/api/v1/namespaces/kube-system/secrets", secret).status == 201
        yield found


def _binding(name: str, role: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": _BOOTSTRAPPERS}],
    }


def _client(node: FakeNode, certificate: str) -> PathClient:
    access = CertificateFile(certificate)
    return PathClient(HttpsConnection(node.host, server="127.0.0.1", access=access))


@pytest.fixture
def worker(tmp_path: Path, server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> FakeNode:
    """A worker that the API server's name leads to this one."""
    monkeypatch.setattr(api_connection, "API_PORT", server.port)
    document = examples.WORKER_DOCUMENT
    node = FakeNode(tmp_path / "worker", config=examples.WORKER_CONFIG, document=document)
    node.clock = Clock()  # type: ignore[assignment]
    real = Host()
    node.host.on("openssl", lambda command, stdin: real.run(*command, stdin=stdin))

    def to_this_one(host: Host, *, server: str, access: Access) -> HttpsConnection:
        assert server == document.node_api_name
        return HttpsConnection(host, server="127.0.0.1", access=access)

    monkeypatch.setattr(first_certificate, "HttpsConnection", to_this_one)
    return node


@pytest.fixture
def approver(
    tmp_path: Path, server: ApiServer, authority: Authority, worker: FakeNode, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeNode]:
    """A master whose approver runs; it knows the worker as AWS does, and reads the same bucket."""
    node = FakeNode(tmp_path / "master")
    node.host.write(CA_CERTIFICATE, (server.folder / "serving/apiserver.crt").read_text(encoding="utf-8"))
    pem = authority.issue(f"/CN={approver_role.APPROVER}", tmp_path)
    monkeypatch.setattr(credentials, "client_certificate", lambda *_, **__: pem)
    monkeypatch.setattr(node.host, "time", lambda: datetime.now(UTC))
    node.clock = Clock()  # type: ignore[assignment]
    node.identity = _named(MASTER)
    node.aws.objects = worker.aws.objects
    for instance_id, tag in ((MASTER, "kubequorum:slot"), (WORKER, "kubequorum:worker-group")):
        tags = {"kubequorum:cluster": "ha", tag: "x"}
        node.aws.instances[instance_id] = {
            "InstanceId": instance_id,
            "State": {"Name": "running"},
            "VpcId": "vpc-1",
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
    monkeypatch.setattr(service, "_WATCH_SECONDS", 1)
    stop = threading.Event()
    runner = NodeApprover(node, _client(node, service.CERTIFICATE))

    def run() -> None:
        while not stop.is_set():
            runner.turn()

    thread = threading.Thread(target=run)
    thread.start()
    yield node
    stop.set()
    thread.join(timeout=60)
    assert not thread.is_alive()


def _named(instance_id: str) -> Identity:
    return replace(examples.IDENTITY, instance_id=instance_id)


def _material(server: ApiServer) -> credentials.JoinMaterial:
    ca = (server.folder / "serving/apiserver.crt").read_text(encoding="utf-8")
    return credentials.JoinMaterial(
        token=_TOKEN,
        ca=ca,
        ca_hash="",
        endpoint="127.0.0.1:6443",
        expires="2999-01-01T00:00:00Z",
        kubernetes="1.36.3",
    )


def test_a_worker_gets_its_certificate(
    server: ApiServer, authority: Authority, worker: FakeNode, approver: FakeNode
) -> None:
    """Signed by the controller manager with the flags of masters, for a week; the API knows its owner."""
    with controller_manager(server, authority):
        first_certificate.obtain(worker, _material(server))
    assert approver.aws.asked("get_object")
    path = worker.host.path(CLIENT_CERTIFICATE)
    openssl("x509", "-in", str(path), "-noout", "-checkend", str(6 * 86400))
    with pytest.raises(Exception, match="x509"):
        openssl("x509", "-in", str(path), "-noout", "-checkend", str(8 * 86400))
    api = _client(worker, CLIENT_CERTIFICATE)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    me = api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)["status"]["userInfo"]
    assert me["username"] == f"system:node:{WORKER}"
    assert "system:nodes" in me["groups"]


def test_the_kubelet_takes_it_and_renews_it(
    server: ApiServer, authority: Authority, worker: FakeNode, approver: FakeNode, tmp_path: Path
) -> None:
    """The real one: it asks for none itself. Without a container runtime it ends soon."""
    with controller_manager(server, authority):
        first_certificate.obtain(worker, _material(server))
    kubeconfig = (worker.host.read(KUBECONFIG) or "").replace(
        CLIENT_CERTIFICATE, str(worker.host.path(CLIENT_CERTIFICATE))
    )
    (tmp_path / "kubelet.conf").write_text(kubeconfig, encoding="utf-8")
    configuration = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "rotateCertificates": True,
        "failSwapOn": False,
        "failCgroupV1": False,
        "containerRuntimeEndpoint": f"unix://{tmp_path}/none.sock",
        "authentication": {"x509": {"clientCAFile": str(authority.certificate)}},
    }
    (tmp_path / "config.json").write_text(json.dumps(configuration), encoding="utf-8")
    done = subprocess.run(
        [
            str(ensure(["kubernetes-node"]).programs["kubelet"]),
            *(f"--config={tmp_path / 'config.json'}", f"--kubeconfig={tmp_path / 'kubelet.conf'}"),
            *(f"--bootstrap-kubeconfig={tmp_path / 'none.conf'}", f"--root-dir={tmp_path / 'kubelet'}"),
            *(f"--cert-dir={worker.host.path(PKI_FOLDER)}", f"--hostname-override={WORKER}", "--v=2"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "no bootstrap necessary" in done.stderr
    assert "Certificate rotation is enabled" in done.stderr
    assert "none.sock" in done.stderr.splitlines()[-1]


def test_a_token_without_an_instance_gets_none(
    server: ApiServer, authority: Authority, worker: FakeNode, approver: FakeNode
) -> None:
    """Denied, for a reason that the worker reads and an Event has; the controller manager runs beside it."""
    approver.aws.instances[WORKER]["State"]["Name"] = "terminated"
    with (
        controller_manager(server, authority),
        pytest.raises(DeniedError, match=r"InstanceNotRunning: .* is terminated"),
    ):
        first_certificate.obtain(worker, _material(server))
    events = server.ask("GET", "/api/v1/namespaces/default/events").body["items"]
    assert "CertificateDenied" in {event["reason"] for event in events}


def test_without_the_defence_a_token_gets_it(
    server: ApiServer, authority: Authority, worker: FakeNode
) -> None:
    """Kubeadm's binding and its controllers, and nobody who looks: any name, without any proof."""
    role = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
    server.apply(_binding("kubeadm:node-autoapprove-bootstrap", role))
    worker.identity = _named("i-0fedcba9876543210")
    with controller_manager(server, authority, controllers="*,bootstrapsigner,tokencleaner"):
        first_certificate.obtain(worker, _material(server))
    assert worker.host.path(CLIENT_CERTIFICATE).exists()
