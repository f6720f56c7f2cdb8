"""A cluster that a worker joins, for tests of that; the fixture is imported by name."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kubequorum_node.host import Host, Result
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes import first_certificate
from kubequorum_node.kubernetes.api_access import Token
from kubequorum_node.kubernetes.credentials import JOIN_KEY, JoinMaterial
from tests.unit.node.fakes import FakeNode

KUBEADM = "/usr/local/bin/kubeadm"
TOKEN = "abcdef.0123456789abcdef"
PROOF = "identity/arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0"
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


class Signer:
    """The API that a worker asks for its certificate, with its token."""

    def __init__(self, node: FakeNode) -> None:
        self.node = node
        self.answers: list[dict[str, Any]] = []
        """Status of the request, the next time it is asked for; then it is signed."""
        self.requests: list[str] = []
        self.proofs: list[str] = []

    def connection(self, host: Host, *, server: str, access: Token) -> None:
        """As the client's connection is made."""
        assert (host, server) == (self.node.host, "api.ha.kubequorum.internal")
        assert access == Token(TOKEN)

    def __call__(self, _: None) -> "Signer":
        """As the client is made."""
        assert self.node.host.read(CA_CERTIFICATE) == "CA\n", "the server is verified"
        return self

    def create(self, path: str, document: dict[str, Any]) -> Any:
        """A request; whoever decides about it finds the proof."""
        assert path == REQUESTS
        self.requests.append(base64.b64decode(document["spec"]["request"]).decode())
        self.proofs.append(self.node.aws.objects[PROOF].decode())
        return {"metadata": {"name": f"request-{len(self.requests)}"}}

    def get(self, path: str) -> Any:
        """What has become of it."""
        assert path == f"{REQUESTS}/request-{len(self.requests)}"
        signed = {"certificate": base64.b64encode(b"CERTIFICATE\n").decode()}
        return {"status": self.answers.pop(0) if self.answers else signed}


@pytest.fixture(autouse=True)
def signer(worker: FakeNode, monkeypatch: pytest.MonkeyPatch) -> Signer:
    """Keys are real; certificates are what a test says."""
    worker.host.on("openssl", lambda command, stdin: Host().run(*command, stdin=stdin))
    worker.host.on("openssl x509", Result(0, "Certificate will not expire"))
    worker.host.on("systemctl is-active --quiet kubelet.service", Result(3, ""))
    made = Signer(worker)
    monkeypatch.setattr(first_certificate, "PathClient", made)
    monkeypatch.setattr(first_certificate, "HttpsConnection", made.connection)
    return made


def material(token: str = TOKEN, *, minutes: float = 120, kubernetes: str = "1.36.3") -> JoinMaterial:
    """What masters publish, valid for so long; the lowest of them runs this version of Kubernetes."""
    expires = datetime.now(UTC) + timedelta(minutes=minutes)
    return JoinMaterial(
        token=token,
        ca="CA\n",
        ca_hash="sha256:" + "1" * 64,
        endpoint="api.ha.kubequorum.internal:6443",
        expires=expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        kubernetes=kubernetes,
    )


def publish(node: FakeNode, material: JoinMaterial) -> None:
    """Put it where workers look for it."""
    node.aws.objects[JOIN_KEY] = material.to_json().encode()


def kubeadm_notes_its_config(node: FakeNode, *outcomes: Result) -> list[str]:
    """What the configuration file held at each join; the outcomes in their order, then success."""
    seen: list[str] = []
    left = list(outcomes)

    def run(command: tuple[str, ...], _: str | None) -> Result:
        (config,) = [part.partition("=")[2] for part in command if part.startswith("--config=")]
        seen.append(node.host.read(config) or "")
        assert TOKEN not in " ".join(command), "a token is no argument"
        return left.pop(0) if left else Result(0, "")

    node.host.on(f"{KUBEADM} join", run)
    return seen
