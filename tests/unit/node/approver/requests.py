"""Certificate requests, made by the real openssl, and the objects that the API has of them."""

import base64
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kubequorum_node.approver.verdict import BOOTSTRAPPERS, CLIENT_SIGNER
from kubequorum_node.kubernetes.identity_proof import hash_of

WORKER, MASTER, OTHER = "i-0aaaaaaaaaaaaaaaa", "i-0123456789abcdef0", "i-0bbbbbbbbbbbbbbbb"
CREATED = "2026-11-24T12:00:00Z"
TOKEN_GROUPS = (BOOTSTRAPPERS, "system:bootstrappers", "system:authenticated")
NODE_GROUPS = ("system:nodes", "system:authenticated")


@cache
def pem(subject: str, *extensions: str) -> str:
    """A request for a subject in openssl's form, with extensions such as `subjectAltName=DNS:x`."""
    with TemporaryDirectory() as folder:
        key = Path(folder) / "key.pem"
        words = ("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        added = [word for extension in extensions for word in ("-addext", extension)]
        command = [*words, "-keyout", str(key), "-subj", subject, *added]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def node_subject(instance_id: str) -> str:
    """What a kubelet calls itself."""
    return f"/O=system:nodes/CN=system:node:{instance_id}"


def key_hash(request: str) -> str:
    """The hash of a request's public key, by openssl."""
    words = ("openssl", "req", "-noout", "-pubkey")
    public = subprocess.run(words, input=request, check=True, capture_output=True, text=True).stdout
    body = "".join(line for line in public.splitlines() if "-----" not in line)
    return hash_of(base64.b64decode(body))


def item(
    request: str,
    *,
    signer: str = CLIENT_SIGNER,
    username: str = "system:bootstrap:abcdef",
    groups: Sequence[str] = TOKEN_GROUPS,
    usages: Sequence[str] = ("digital signature", "key encipherment", "client auth"),
    name: str = "node-csr-1",
) -> dict[str, Any]:
    """A CertificateSigningRequest object."""
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name, "creationTimestamp": CREATED, "resourceVersion": "7"},
        "spec": {
            "signerName": signer,
            "username": username,
            "groups": list(groups),
            "usages": list(usages),
            "request": base64.b64encode(request.encode()).decode(),
        },
        "status": {},
    }
