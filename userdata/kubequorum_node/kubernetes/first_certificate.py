"""A worker's first client certificate: its key, the proof of it, the request, and the kubelet's kubeconfig.

The kubelet could ask for it itself, but keeps the key in memory until it has the certificate
(client-go's util/certificate/certificate_manager.go), and so nothing could be proved of it. It finds valid
credentials instead, and renews them.
"""

import base64
import json
from typing import Any

from kubequorum_node.clock import NotYetError
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm.ca_set import CA_CERTIFICATE
from kubequorum_node.kubernetes import identity_proof
from kubequorum_node.kubernetes.api_access import Token
from kubequorum_node.kubernetes.api_connection import HttpsConnection
from kubequorum_node.kubernetes.credentials import JoinMaterial
from kubequorum_node.kubernetes.kubelet import CLIENT_CERTIFICATE, KUBECONFIG, PKI_FOLDER
from kubequorum_node.kubernetes.path_client import PathClient
from kubequorum_node.log import timed
from kubequorum_node.node import Node

IGNORED_PREFLIGHT_ERRORS = (
    "FileAvailable--etc-kubernetes-kubelet.conf",
    "FileAvailable--etc-kubernetes-pki-ca.crt",
)
"""kubeadm expects that a machine has neither before it joins."""
_FILE = f"{PKI_FOLDER}/kubelet-client-first.pem"
"""The kubelet replaces the link to it when it renews the certificate; it refuses a file in the link's place
(`updateSymlink` in client-go's util/certificate/certificate_store.go)."""
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
_SIGNED_SECONDS = 90.0


class DeniedError(NodeError):
    """The request was denied, or could not be signed."""


def obtain(node: Node, material: JoinMaterial) -> None:
    """Get the certificate, with a new key, and write it where the kubelet looks for it.

    Raises:
        DeniedError: with the reason.
        WaitError: nobody has decided, or signed, in time.
        ApiError: the API server does not answer.

    """
    node.host.write(CA_CERTIFICATE, material.ca)
    run = node.host.run
    key = run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").stdout
    subject = f"/O=system:nodes/CN=system:node:{node.identity.node_name}"
    request = run("openssl", "req", "-new", "-key", "/dev/stdin", "-subj", subject, stdin=key).stdout
    identity_proof.publish(node, run("openssl", "pkey", "-pubout", stdin=key).stdout)
    server, access = node.document.node_api_name, Token(material.token)
    api = PathClient(HttpsConnection(node.host, server=server, access=access))
    with timed("certificate of this node"):
        certificate = _signed(node, api, request)
    _write(node, certificate + key, material)


def _signed(node: Node, api: PathClient, request: str) -> str:
    asked = api.create(
        _REQUESTS,
        {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"generateName": f"{node.identity.node_name}-"},
            "spec": {
                "request": base64.b64encode(request.encode()).decode(),
                "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
                "usages": ["digital signature", "client auth"],
            },
        },
    )
    name = asked["metadata"]["name"]

    def look() -> str:
        status = api.get(f"{_REQUESTS}/{name}").get("status") or {}
        _check(name, status)
        if not status.get("certificate"):
            raise NotYetError(f"request {name} is {'approved' if status.get('conditions') else 'pending'}")
        return base64.b64decode(status["certificate"]).decode()

    return node.clock.poll(
        "the certificate of this node", look, seconds=_SIGNED_SECONDS, pause=0.1, longest_pause=2.0
    )


def _check(name: str, status: dict[str, Any]) -> None:
    for condition in status.get("conditions", []):
        if condition["type"] in {"Denied", "Failed"}:
            reason, message = condition.get("reason", ""), condition.get("message", "")
            raise DeniedError(f"request {name} is {condition['type'].lower()}: {reason}: {message}")


def _write(node: Node, pem: str, material: JoinMaterial) -> None:
    node.host.write(_FILE, pem, mode=0o600)
    link = node.host.path(CLIENT_CERTIFICATE)
    link.unlink(missing_ok=True)
    link.symlink_to(node.host.path(_FILE))
    name = node.identity.node_name
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": node.document.cluster,
                "cluster": {
                    "server": f"https://{material.endpoint}",
                    "certificate-authority-data": base64.b64encode(material.ca.encode()).decode(),
                },
            }
        ],
        "users": [
            {
                "name": name,
                "user": {"client-certificate": CLIENT_CERTIFICATE, "client-key": CLIENT_CERTIFICATE},
            }
        ],
        "contexts": [{"name": "default", "context": {"cluster": node.document.cluster, "user": name}}],
        "current-context": "default",
    }
    node.host.write(KUBECONFIG, json.dumps(kubeconfig, indent=1), mode=0o600)
