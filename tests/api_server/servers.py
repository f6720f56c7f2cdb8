"""A real API server with one member of etcd, on loopback, with the files and flags that masters give it."""

import http.client
import json
import os
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kubequorum_node.document import ClusterDocument, OidcIssuer
from kubequorum_node.kubeadm import encryption_keys
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.kubeadm.cluster_configuration import (
    API_SERVER_FOLDER,
    AUDIT_FOLDER,
    cluster_configuration,
)
from kubequorum_node.kubernetes import (
    api_server_files,
    approver_role,
    node_admission,
    revoked_nodes,
    shared_objects,
)
from kubequorum_node.kubernetes.node_claims import AddressPlan
from lab.artifacts import ensure
from tests.api_server.programs import openssl
from tests.api_server.reply import Reply
from tests.backup.etcds import Cluster, free_ports
from tests.unit.node import examples
from tests.unit.node.fakes import FakeNode
from tests.unit.node.kubernetes.audit_requests import GROUPS

ISSUER = "https://d111111abcdef8.cloudfront.net"
ADMINISTRATOR, NODE = "administrator", "system:node:i-0123456789abcdef0"
_START_SECONDS = 180.0
_KINDS = ("Mutating", "Validating")
_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
"""32 bytes for secretbox."""


class ApiServer:
    """A running API server; users have a static token each, which is their name."""

    def __init__(self, port: int, folder: Path, etcd: Cluster) -> None:
        self.folder = folder
        self.port = port
        self._etcd = etcd

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        user: str = ADMINISTRATOR,
        token: str = "",
        kind: str = "application/json",
        more: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask for something; `token` replaces the user's, without a user there is none; `more` headers."""
        context = ssl.create_default_context(cafile=str(self.folder / "serving/apiserver.crt"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        headers = {"Content-Type": kind, **(more or {})}
        if bearer := token or user:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            return Reply(
                status=answer.status,
                body=json.loads(text) if text.startswith("{") and "\n{" not in text.strip() else text,
                warning=answer.headers.get("Warning", ""),
                audit_id=answer.headers.get("Audit-Id", ""),
            )
        finally:
            connection.close()

    def post(self, path: str, body: Mapping[str, Any], **arguments: Any) -> Reply:
        """Create something."""
        return self.ask("POST", path, body, **arguments)

    def patch(self, path: str, body: Mapping[str, Any], **arguments: Any) -> Reply:
        """Merge a change into something."""
        return self.ask("PATCH", path, body, kind="application/merge-patch+json", **arguments)

    def apply(self, item: Mapping[str, Any]) -> Reply:
        """Apply an object on the server's side, as masters do."""
        group = item["apiVersion"]
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        if namespace := item["metadata"].get("namespace"):
            root += f"/namespaces/{namespace}"
        plural = {f"{kind}AdmissionPolicy": f"{kind.lower()}admissionpolicies" for kind in _KINDS}.get(
            item["kind"], f"{item['kind'].lower()}s"
        )
        return self.ask(
            "PATCH",
            f"{root}/{plural}/{item['metadata']['name']}?fieldManager=kubectl&force=true",
            item,
            kind="application/apply-patch+yaml",
        )

    def apply_shared_objects(self, document: ClusterDocument) -> None:
        """Write what masters write into the cluster."""
        assert document.security is not None
        for item in (
            *shared_objects.node_reader(),
            *approver_role.objects(),
            *revoked_nodes.objects(),
            *node_admission.objects(AddressPlan.of(document)),
            *shared_objects.namespaces(document.security),
        ):
            reply = self.apply(item)
            assert reply.status in {200, 201}, reply

    def stored(self, key: str) -> bytes:
        """What etcd has below a key of /registry."""
        etcdctl = ensure(["etcd"]).programs["etcdctl"]
        endpoint = f"--endpoints=http://127.0.0.1:{self._etcd.members['a'].client_port}"
        command = [str(etcdctl), endpoint, "get", "--print-value-only", f"/registry/{key}"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def audit_events(self) -> Iterator[dict[str, Any]]:
        """All events of the audit log."""
        for line in (self.folder / "audit/audit.log").read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


_OF_PEERS = ("peer-ca-file",)
"""Flags for what several API servers do together: this one is alone, and has no certificate for others."""


@contextmanager
def running(
    folder: Path,
    *,
    issuers: tuple[OidcIssuer, ...] = (),
    document: ClusterDocument = examples.DOCUMENT,
    without: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    keys: tuple[str, ...] = (_KEY,),
    data: Cluster | None = None,
) -> Iterator[ApiServer]:
    """Start one, and end it with all that belongs to it.

    Args:
        folder: an empty folder.
        issuers: whose tokens it accepts.
        document: the cluster.
        without: names of flags of masters that it does not get.
        more: flags that kubeadm would add, and this test needs.
        environment: variables that it gets beside those of this process.
        keys: what it encrypts with, then those with which it only decrypts.
        data: a running etcd, which outlives it; None for an empty one.

    """
    assert document.security is not None
    document = replace(document, security=replace(document.security, oidc_issuers=issuers))
    etcd = data or Cluster(folder / "etcd").start()
    (port,) = free_ports(1)
    log = (folder / "api-server.log").open("ab")
    client_port = etcd.members["a"].client_port
    process = subprocess.Popen(
        [
            str(ensure(["kubernetes-control-plane"]).programs["kube-apiserver"]),
            *_flags(folder, document, without, keys),
            *more,
            *(f"--secure-port={port}", f"--etcd-servers=http://127.0.0.1:{client_port}"),
        ],
        stdout=log,
        stderr=log,
        env={**os.environ, **(environment or {})},
    )
    try:
        server = ApiServer(port, folder, etcd)
        _wait_until_ready(server, process)
        yield server
    finally:
        process.kill()
        process.wait()
        log.close()
        if data is None:
            etcd.stop()


def _flags(
    folder: Path, document: ClusterDocument, without: tuple[str, ...], keys: tuple[str, ...]
) -> list[str]:
    """The flags that masters give it, with paths in a folder, and those that kubeadm would add."""
    node = FakeNode(folder / "host", document=document)
    for number, key in enumerate(keys[1:]):
        older = json.dumps({"version": 1, "key": key})
        node.aws.objects[f"{encryption_keys.PREFIX}{number}.json"] = older.encode()
    api_server_files.write(node, CaSet(files={}, encryption_key=keys[0]))
    (folder / "audit").mkdir()
    for name in ("sa.key", "client-ca.key"):
        openssl("genrsa", "-out", str(folder / name), "2048")
    _write_tokens(folder / "tokens.csv")
    configuration = cluster_configuration(document, api_load_balancer_name="", service_account_issuer=ISSUER)
    own = configuration["apiServer"]["extraArgs"]
    kubelet_ca = folder / "kubelet-ca.crt"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca"
    openssl(*request.split(), *("-keyout", str(folder / "kubelet-ca.key"), "-out", str(kubelet_ca)))
    places = {"/etc/kubernetes/pki/ca.crt": str(kubelet_ca)}
    places |= {API_SERVER_FOLDER: str(node.host.path(API_SERVER_FOLDER)), AUDIT_FOLDER: str(folder / "audit")}
    flags = []
    for argument in (argument for argument in own if argument["name"] not in {*without, *_OF_PEERS}):
        value = argument["value"]
        for place, here in places.items():
            value = value.replace(place, here)
        flags.append(f"--{argument['name']}={value}")
    return [
        *flags,
        *("--bind-address=127.0.0.1", "--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none"),
        *(f"--cert-dir={folder / 'serving'}", f"--token-auth-file={folder / 'tokens.csv'}"),
        *("--authorization-mode=Node,RBAC", "--allow-privileged=true"),
        "--service-cluster-ip-range=10.96.0.0/24",
        f"--service-account-signing-key-file={folder / 'sa.key'}",
        f"--service-account-key-file={folder / 'sa.key'}",
    ]


def _write_tokens(path: Path) -> None:
    """A line for each user: token, name, id, groups."""
    lines = [f'{user},{user},{user},"{",".join(groups)}"\n' for user, groups in GROUPS.items()]
    path.write_text("".join(lines), encoding="utf-8")
    path.chmod(0o600)


def _wait_until_ready(server: ApiServer, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            printed = (server.folder / "api-server.log").read_text(encoding="utf-8", errors="replace")
            raise AssertionError(f"the API server ended: {printed[-2000:]}")
        try:
            if server.ask("GET", "/readyz").status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    raise AssertionError(f"the API server is not ready within {_START_SECONDS:.0f} s")
