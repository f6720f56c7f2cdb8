"""Files of the API server that kubeadm does not write: authentication, encryption, admission, audit."""

import json
from pathlib import Path
from typing import Any

from kubequorum_node.document import OidcIssuer, SecuritySpec
from kubequorum_node.kubeadm import encryption_keys
from kubequorum_node.kubeadm.ca_set import CaSet
from kubequorum_node.kubeadm.cluster_configuration import API_SERVER_FOLDER, AUDIT_FOLDER
from kubequorum_node.node import Node

_FILES = Path(__file__).resolve().parents[2] / "files"
_API_VERSION = "apiserver.config.k8s.io/v1"

# Load balancers and the kubelet probe the health paths, and `kubeadm join` reads cluster-info, which is
# signed with its token, before it has any credentials.
_ANONYMOUS_PATHS = (
    "/livez",
    "/readyz",
    "/healthz",
    "/api/v1/namespaces/kube-public/configmaps/cluster-info",
)
_EXEMPT_NAMESPACES = ("kube-system",)
"""The control plane itself, kube-proxy and addons run there, with rights that no standard allows."""


def write(node: Node, ca_set: CaSet) -> None:
    """Write the files; all in one folder, which the API server's pod mounts.

    Raises:
        EncryptionKeyError: a key with which restored data are encrypted cannot be read.

    """
    security = node.security_spec
    folder = node.host.path(API_SERVER_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, text in (
        ("authentication.json", authentication(security.oidc_issuers)),
        ("admission.json", admission(security)),
        (
            "encryption.json",
            encryption(ca_set.encryption_key, security.encrypted_resources, older=encryption_keys.read(node)),
        ),
        ("audit-policy.yaml", (_FILES / "audit-policy.yaml").read_text(encoding="utf-8")),
    ):
        node.host.write(f"{API_SERVER_FOLDER}/{name}", text, mode=0o600)
    logs = node.host.path(AUDIT_FOLDER)
    logs.mkdir(parents=True, exist_ok=True)
    logs.chmod(0o700)


def authentication(issuers: tuple[OidcIssuer, ...]) -> str:
    """Tokens of these issuers are accepted, and anonymous requests for a few paths only.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration
    """
    document: dict[str, Any] = {
        "apiVersion": _API_VERSION,
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in _ANONYMOUS_PATHS]},
    }
    if issuers:
        document["jwt"] = [_authenticator(issuer) for issuer in issuers]
    return _render(document)


def admission(security: SecuritySpec) -> str:
    """Pods must meet the cluster's default standard; those that are not restricted cause warnings.

    https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-admission-controller/
    """
    levels = {"enforce": security.pod_security, "audit": "restricted", "warn": "restricted"}
    versions = {f"{mode}-version": "latest" for mode in levels}
    configuration = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": levels | versions,
        "exemptions": {"usernames": [], "runtimeClasses": [], "namespaces": list(_EXEMPT_NAMESPACES)},
    }
    return _render(
        {
            "apiVersion": _API_VERSION,
            "kind": "AdmissionConfiguration",
            "plugins": [{"name": "PodSecurity", "configuration": configuration}],
        }
    )


def encryption(key: str, resources: tuple[str, ...], *, older: tuple[str, ...] = ()) -> str:
    """These resources are encrypted in etcd. Objects that were written unencrypted can still be read.

    Each older key is a provider of its own, as all clusters call theirs the same and the name is stored with
    the data: where a provider cannot decrypt, the API server tries the next one
    (https://github.com/kubernetes/apiserver/blob/master/pkg/storage/value/transformer.go).
    """
    own, *others = ({"secretbox": {"keys": [{"name": "key1", "secret": each}]}} for each in (key, *older))
    return _render(
        {
            "apiVersion": _API_VERSION,
            "kind": "EncryptionConfiguration",
            "resources": [
                {
                    "resources": list(resources),
                    "providers": [
                        own,
                        *others,
                        {"identity": {}},
                    ],
                },
                # What was encrypted under an earlier cluster file can still be read, and is written plain.
                {
                    "resources": ["*.*"],
                    "providers": [
                        {"identity": {}},
                        own,
                        *others,
                    ],
                },
            ],
        }
    )


def _authenticator(issuer: OidcIssuer) -> dict[str, Any]:
    source: dict[str, Any] = {"url": issuer.url, "audiences": list(issuer.audiences)}
    if len(issuer.audiences) > 1:
        source["audienceMatchPolicy"] = "MatchAny"
    if issuer.certificate_authority:
        source["certificateAuthority"] = issuer.certificate_authority
    mappings = {"username": {"claim": issuer.username_claim, "prefix": issuer.username_prefix}}
    if issuer.groups_claim:
        mappings["groups"] = {"claim": issuer.groups_claim, "prefix": issuer.groups_prefix}
    authenticator: dict[str, Any] = {
        "issuer": source,
        "claimMappings": mappings,
        # The prefixes see to it already. They are checked elsewhere, and this is what depends on it.
        "userValidationRules": [
            {
                "expression": "!user.username.startsWith('system:')",
                "message": "names that begin with system: are Kubernetes' own",
            },
            {
                "expression": "user.groups.all(group, !group.startsWith('system:'))",
                "message": "groups that begin with system: are Kubernetes' own",
            },
        ],
    }
    rules = [
        {"claim": claim, "requiredValue": value} for claim, value in sorted(issuer.required_claims.items())
    ]
    if issuer.username_claim == "email":
        # By itself the API server looks at the claim only if there is one.
        rules.append(
            {
                "expression": "claims.?email_verified.orValue(false) == true",
                "message": "the provider has not verified the email address",
            }
        )
    if rules:
        authenticator["claimValidationRules"] = rules
    return authenticator


def _render(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
