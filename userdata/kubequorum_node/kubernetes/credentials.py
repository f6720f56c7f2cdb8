"""Short-lived credentials that masters publish in the state bucket: for joining workers, and for people.

A timer renews them every half hour, so that the published ones are always valid for long enough.
"""

import base64
import json
import re
import secrets
import string
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Self

from kubequorum_node.document import API_PORT
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm import ca_set, master_config
from kubequorum_node.kubeadm.phases import Kubeadm
from kubequorum_node.kubernetes import master_versions
from kubequorum_node.kubernetes.api_server import kubectl
from kubequorum_node.node import Node

JOIN_KEY = "join/worker.json"
ADMIN_KEY = "admin/kubeconfig"
ADMIN_USER = "kubequorum-admin"
"""The user of that kubeconfig; masters themselves use kubeadm's (`kubernetes-admin`)."""
TOKEN_VALID = timedelta(hours=2)
"""Four times as long as the timer's period (`services`)."""
ADMIN_VALID = timedelta(hours=24)
"""A client certificate cannot be revoked: only its expiry limits it."""
_ALPHABET = string.ascii_lowercase + string.digits
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, kw_only=True)
class JoinMaterial:
    """What a worker needs to join, and to verify that it joins the right cluster."""

    token: str
    ca: str
    """Certificate of the cluster's CA, in PEM."""
    ca_hash: str
    """Of its public key, as kubeadm pins it."""
    endpoint: str
    expires: str
    """UTC."""
    kubernetes: str = ""
    """The lowest version of Kubernetes that a master runs: no kubelet may have a higher minor version. Empty
    if masters of a release that did not say it have published this.
    https://kubernetes.io/releases/version-skew-policy/#kubelet"""

    def is_valid(self, now: datetime) -> bool:
        """Whether it is valid for at least a few more minutes."""
        expires = datetime.strptime(self.expires, _TIME).replace(tzinfo=UTC)
        return now + timedelta(minutes=5) < expires

    def to_json(self) -> str:
        """JSON for the bucket."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            NodeError: it is not join material.

        """
        known = {field.name for field in fields(cls)}
        try:
            # Keys of a later release are ignored: in an update its masters write for workers of this one.
            values = {name: value for name, value in json.loads(text).items() if name in known}
            if wrong := [name for name, value in values.items() if not isinstance(value, str)]:
                raise TypeError(f"{', '.join(wrong)} is no text")
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise NodeError(f"{JOIN_KEY} in the state bucket cannot be read: {error!r}") from error


def new_token() -> str:
    """A bootstrap token: 6 characters that name it, and 16 that are secret.

    https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
    """
    name, secret = ("".join(secrets.choice(_ALPHABET) for _ in range(length)) for length in (6, 16))
    return f"{name}.{secret}"


def publish_join_material(node: Node, token: str, *, lowest_version: str) -> None:
    """Publish a token that the cluster already accepts, with the lowest version that a master runs."""
    expires = datetime.now(UTC) + TOKEN_VALID
    material = JoinMaterial(
        token=token,
        ca=node.host.read(ca_set.CA_CERTIFICATE) or "",
        ca_hash=ca_set.public_key_hash(node),
        endpoint=node.document.api_endpoint,
        expires=expires.strftime(_TIME),
        kubernetes=lowest_version,
    )
    node.store.put(JOIN_KEY, material.to_json())


def publish_admin_kubeconfig(node: Node) -> None:
    """Publish an administrator's kubeconfig, valid for a day; IAM decides who may read it."""
    node.store.put(ADMIN_KEY, admin_kubeconfig(node))


def admin_kubeconfig(node: Node) -> str:
    """Issue a kubeconfig of a cluster administrator."""
    printed = Kubeadm(node.host).run(
        "kubeconfig",
        "user",
        f"--config={master_config.PATH}",
        f"--client-name={ADMIN_USER}",
        # kubeadm binds this group to cluster-admin; unlike those of system:masters, its rights can be
        # revoked.
        "--org=kubeadm:cluster-admins",
        f"--validity-period={int(ADMIN_VALID.total_seconds())}s",
    )
    return printed.stdout.replace(
        f"server: https://{node.document.api_endpoint}",
        f"server: https://{node.document.api_name}:{API_PORT}",
    )


def client_certificate(node: Node, name: str, *, valid: timedelta) -> str:
    """Issue a client certificate of a user without groups; it and its key, in PEM.

    Raises:
        NodeError: kubeadm's output has none.

    """
    printed = Kubeadm(node.host).run(
        "kubeconfig",
        "user",
        f"--config={master_config.PATH}",
        f"--client-name={name}",
        f"--validity-period={int(valid.total_seconds())}s",
    )
    parts = []
    for field in ("client-certificate-data", "client-key-data"):
        found = re.search(rf"^\s*{field}: (\S+)$", printed.stdout, re.MULTILINE)
        if found is None:
            raise NodeError(f"`kubeadm kubeconfig user` for {name} printed no {field}")
        parts.append(base64.b64decode(found[1]).decode())
    return "".join(parts)


def renew(node: Node) -> None:
    """Register a new token with the cluster, then publish it and a new kubeconfig."""
    token = new_token()
    kubectl(node, "apply", "--server-side", "-f", "-", stdin=token_secret(token, datetime.now(UTC)))
    publish_join_material(node, token, lowest_version=master_versions.lowest(node))
    publish_admin_kubeconfig(node)


def token_secret(token: str, now: datetime) -> str:
    """The Secret that registers a token; the controller manager removes it when it has expired."""
    name, _, secret = token.partition(".")
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "bootstrap.kubernetes.io/token",
            "metadata": {"name": f"bootstrap-token-{name}", "namespace": "kube-system"},
            "stringData": {
                "token-id": name,
                "token-secret": secret,
                "expiration": (now + TOKEN_VALID).strftime(_TIME),
                "usage-bootstrap-authentication": "true",
                "usage-bootstrap-signing": "true",
                "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
                "description": "kubequorum: lets workers join",
            },
        }
    )
