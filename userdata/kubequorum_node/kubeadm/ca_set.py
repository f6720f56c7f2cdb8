"""The cluster's CA set: created by the first master, fetched from the bucket by all others."""

import base64
import hashlib
import json
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm import configuration
from kubequorum_node.kubeadm.cluster_configuration import ELLIPTIC, RSA
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.log import info
from kubequorum_node.node import Node

KEY = "pki/ca-set.json"
"""The bucket's policy refuses a second write of it."""
PKI_FOLDER = "/etc/kubernetes/pki"
CA_CERTIFICATE = f"{PKI_FOLDER}/ca.crt"

_VERSION = 1
_EC_FILES = ("ca", "etcd/ca", "front-proxy-ca")
_FILES = (*(f"{name}.{end}" for name in _EC_FILES for end in ("crt", "key")), "sa.key", "sa.pub")
_SECRET_KEY_BYTES = 32
"""Of a secretbox key (XSalsa20 and Poly1305)."""


class CaSetError(NodeError):
    """The CA set in the bucket cannot be used."""


@dataclass(frozen=True, kw_only=True)
class CaSet:
    """Certificates and keys that all masters share, and the key that Secrets are encrypted with in etcd."""

    files: dict[str, str]
    """PEM texts by their path below /etc/kubernetes/pki."""
    encryption_key: str
    """32 bytes in base64."""

    def to_json(self) -> str:
        """JSON for the bucket."""
        return json.dumps(
            {"version": _VERSION, "files": self.files, "encryption_key": self.encryption_key}, indent=1
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            CaSetError: it is not a CA set, or incomplete.

        """
        try:
            document = json.loads(text)
            if document["version"] != _VERSION:
                raise CaSetError(
                    f"{KEY} has version {document['version']}, this program supports {_VERSION}: "
                    "deploy the release that wrote it"
                )
            found = cls(files=dict(document["files"]), encryption_key=document["encryption_key"])
        except (ValueError, KeyError, TypeError) as error:
            raise CaSetError(f"{KEY} in the state bucket is not a CA set: {error!r}") from error
        if missing := [name for name in _FILES if name not in found.files]:
            raise CaSetError(f"{KEY} in the state bucket lacks {', '.join(missing)}")
        return found


def install(node: Node) -> CaSet:
    """Fetch the CA set, or create it if there is none, and write it where kubeadm looks for it.

    Of several masters that create one at the same moment one wins: the bucket accepts only the first.
    """
    ca_set = stored(node)
    if ca_set is None:
        info("there is no CA set yet: creating one")
        made = create(node)
        try:
            node.store.put(KEY, made.to_json(), only_if=NOT_THERE)
            _write(node, made)
            return made
        except PreconditionError:
            info("another master was first: using its CA set")
        ca_set = stored(node)
        if ca_set is None:
            raise CaSetError(f"{KEY} was written by another master and cannot be read: repeat this step")
    _write(node, ca_set)
    return ca_set


def stored(node: Node) -> CaSet | None:
    """The CA set in the bucket; None if there is none yet.

    Raises:
        CaSetError: it cannot be used.

    """
    found = node.store.get(KEY)
    return None if found is None else CaSet.from_json(found.text)


def create(node: Node) -> CaSet:
    """Create a CA set with kubeadm, in a temporary folder."""
    kubeadm = Kubeadm(node.host)
    node.host.path("/run").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kubequorum-", dir=node.host.path("/run")) as name:
        folder = Path(name)
        for algorithm, phases in (
            (ELLIPTIC, ("ca", "etcd-ca", "front-proxy-ca")),
            # Service-account tokens are signed with RS256: what OIDC providers on AWS expect.
            (RSA, ("sa",)),
        ):
            config = folder / f"{algorithm}.yaml"
            config.write_text(
                configuration.ca_set(node.document, folder=str(folder), algorithm=algorithm),
                encoding="utf-8",
            )
            for phase in phases:
                kubeadm.init_phase("certs", phase, config=str(config))
        files = {file: (folder / file).read_text(encoding="utf-8") for file in _FILES}
    key = base64.b64encode(secrets.token_bytes(_SECRET_KEY_BYTES)).decode()
    return CaSet(files=files, encryption_key=key)


def public_key_hash(node: Node) -> str:
    """What workers pin: SHA-256 of the CA's public key, as kubeadm writes it."""
    pem = node.host.run(
        "openssl", "x509", "-pubkey", "-noout", "-in", str(node.host.path(CA_CERTIFICATE))
    ).stdout
    body = "".join(line for line in pem.splitlines() if line and not line.startswith("-----"))
    return f"sha256:{hashlib.sha256(base64.b64decode(body)).hexdigest()}"


def _write(node: Node, ca_set: CaSet) -> None:
    for name, text in ca_set.files.items():
        public = name.endswith((".crt", ".pub"))
        node.host.write(f"{PKI_FOLDER}/{name}", text, mode=0o644 if public else 0o600)
