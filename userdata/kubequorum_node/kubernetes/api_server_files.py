"""Files of the API server that kubeadm does not write: authentication, encryption, audit policy."""

import json
from pathlib import Path

from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.kubeadm.cluster_configuration import API_SERVER_FOLDER, AUDIT_FOLDER
from kubequorum_node.node import Node

_FILES = Path(__file__).resolve().parents[2] / "files"

# Load balancers and the kubelet probe the health paths, and `kubeadm join` reads cluster-info, which is
# signed with its token, before it has any credentials.
_ANONYMOUS_PATHS = (
    "/livez",
    "/readyz",
    "/healthz",
    "/api/v1/namespaces/kube-public/configmaps/cluster-info",
)


def write(node: Node, ca_set: CaSet) -> None:
    """Write the files; all in one folder, which the API server's pod mounts."""
    folder = node.host.path(API_SERVER_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    node.host.write(f"{API_SERVER_FOLDER}/authentication.json", authentication())
    node.host.write(f"{API_SERVER_FOLDER}/encryption.json", encryption(ca_set.encryption_key), mode=0o600)
    policy = (_FILES / "audit-policy.yaml").read_text(encoding="utf-8")
    node.host.write(f"{API_SERVER_FOLDER}/audit-policy.yaml", policy)
    logs = node.host.path(AUDIT_FOLDER)
    logs.mkdir(parents=True, exist_ok=True)
    logs.chmod(0o700)


def authentication() -> str:
    """Anonymous requests are accepted for a few paths only."""
    return _render(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AuthenticationConfiguration",
            "anonymous": {"enabled": True, "conditions": [{"path": path} for path in _ANONYMOUS_PATHS]},
        }
    )


def encryption(key: str) -> str:
    """Secrets are encrypted in etcd. Those that were written unencrypted can still be read."""
    return _render(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [
                {
                    "resources": ["secrets"],
                    "providers": [
                        {"secretbox": {"keys": [{"name": "key1", "secret": key}]}},
                        {"identity": {}},
                    ],
                }
            ],
        }
    )


def _render(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2) + "\n"
