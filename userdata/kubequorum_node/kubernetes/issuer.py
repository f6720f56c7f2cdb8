"""The service-account issuer: the documents by which AWS verifies tokens of service accounts.

STS reads them at the issuer's URL (https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig).
Masters write them into the bucket behind that URL. What is published follows from the CA set alone, read at
that moment: a master with an older idea of the keys cannot bring back its own.
"""

import json

from botocore.exceptions import BotoCoreError, ClientError

from kubequorum_node.aws.state_store import NOT_THERE, PreconditionError, StateStore
from kubequorum_node.config import DISCOVERY_PATH, JWKS_PATH
from kubequorum_node.errors import NodeError
from kubequorum_node.kubeadm import ca_set
from kubequorum_node.kubernetes import events, jwks
from kubequorum_node.log import info, warning
from kubequorum_node.node import Node

_JSON = "application/json"
_ATTEMPTS = 5
"""Each attempt that fails was preceded by one of another master that succeeded."""


class IssuerError(NodeError):
    """The documents cannot be published."""


def keep_published(node: Node) -> None:
    """Publish the documents; a failure is reported as an Event of the Node, too.

    Raises:
        NodeError, ClientError, BotoCoreError: they could not be published.

    """
    try:
        publish(node)
    except (NodeError, ClientError, BotoCoreError) as failure:
        try:
            events.create(
                node,
                component="kubequorum-issuer",
                reason="IssuerNotPublished",
                message=f"AWS may not accept tokens of service accounts: {failure}",
                is_warning=True,
            )
        except NodeError as unreported:
            warning(f"issuer: the failure cannot be reported: {unreported}")
        raise


def publish(node: Node) -> None:
    """Publish the documents where they differ; nothing in a cluster without an issuer.

    Raises:
        IssuerError: other masters keep writing them.
        PublicKeyError: the public keys cannot be read.

    """
    if not node.config.service_account_issuer:
        return
    store = StateStore(node.aws, node.config.issuer_bucket, clock=node.clock)
    # The keys first: the discovery document refers to them.
    for path in (JWKS_PATH, DISCOVERY_PATH):
        _publish(node, store, path)


def documents(issuer: str, public_keys: str) -> dict[str, str]:
    """Text of each document by its path below the issuer's URL.

    Args:
        issuer: URL of the issuer.
        public_keys: the public keys as PEM, one or more: during a rotation tokens of the old and of the new
            key must be accepted.

    """
    discovery = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/{JWKS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return {
        DISCOVERY_PATH: json.dumps(discovery, indent=1),
        JWKS_PATH: json.dumps(jwks.key_set(public_keys), indent=1),
    }


def _publish(node: Node, store: StateStore, path: str) -> None:
    for _ in range(_ATTEMPTS):
        # In this order: what is written is as new as the CA set after this read, or the write is refused.
        before = store.get(path)
        text = documents(node.config.service_account_issuer, _public_keys(node))[path]
        if before is not None and before.text == text:
            return
        try:
            store.put(path, text, only_if=before.etag if before else NOT_THERE, content_type=_JSON)
        except PreconditionError:
            continue
        info(f"published {node.config.service_account_issuer}/{path}")
        return
    raise IssuerError(
        f"s3://{node.config.issuer_bucket}/{path} changed {_ATTEMPTS} times while it was being written: "
        "find out who else writes it"
    )


def _public_keys(node: Node) -> str:
    found = ca_set.stored(node)
    if found is None:
        raise ca_set.CaSetError(f"there is no {ca_set.KEY} in the state bucket: run install-ca-set")
    return found.files["sa.pub"]
