"""How the kubelet gets credentials of ECR registries: from a program that asks ECR with the host's role.

https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
"""

import json
from collections.abc import Mapping

from kubequorum_node.document import ClusterDocument

PROGRAM = "ecr-credential-provider"
"""Its name in the lock file, in the folder and in the configuration: the kubelet requires the last two to be
equal."""
FOLDER = "/usr/local/libexec/kubelet/image-credential-providers"
CONFIG = "/etc/kubernetes/image-credential-providers.json"
_NOT_CACHED = "0s"
"""Only for a token that comes without an expiry, or has expired: the program names half of what is left."""


def programs(document: ClusterDocument) -> tuple[str, ...]:
    """What a host needs of the lock file besides: nothing without such registries."""
    return (PROGRAM,) if document.private_registries else ()


def flags(document: ClusterDocument) -> list[tuple[str, str]]:
    """The kubelet's flags; it does not start if only one of the two is there, or the program is missing."""
    if not document.private_registries:
        return []
    return [("image-credential-provider-config", CONFIG), ("image-credential-provider-bin-dir", FOLDER)]


def config(document: ClusterDocument, environment: Mapping[str, str]) -> str:
    """The CredentialProviderConfig.

    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/

    Args:
        document: names the registries. For no other one is the program started.
        environment: variables of the program beside the kubelet's own, none of them a secret.

    """
    provider = {
        "name": PROGRAM,
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
        "matchImages": list(document.private_registries),
        "defaultCacheDuration": _NOT_CACHED,
        "env": [{"name": name, "value": value} for name, value in sorted(environment.items())],
    }
    document_of_kubelet = {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [provider],
    }
    return json.dumps(document_of_kubelet, indent=1) + "\n"
