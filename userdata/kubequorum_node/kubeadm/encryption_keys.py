"""Keys with which data of another cluster are encrypted that were restored here: they only decrypt.

The operator's program copies them into the state bucket with the other cluster's backups. They stay: backups
of this cluster that are older than the re-encryption need them, too.
"""

import json

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node

PREFIX = "pki/encryption-keys/"
"""One object for each key. The bucket's policy refuses a second write of it."""
_VERSION = 1


class EncryptionKeyError(NodeError):
    """A key in the bucket cannot be used."""


def read(node: Node) -> tuple[str, ...]:
    """All of them, in base64; none in a cluster into which no other one was restored.

    Raises:
        EncryptionKeyError: one cannot be read.

    """
    return tuple(_read(node, entry.key) for entry in node.store.entries(PREFIX))


def _read(node: Node, key: str) -> str:
    stored = node.store.get(key)
    try:
        document = json.loads("" if stored is None else stored.text)
        if document["version"] != _VERSION:
            raise EncryptionKeyError(
                f"{key} has version {document['version']}, this program supports {_VERSION}: "
                "deploy the release that restored the other cluster"
            )
        return str(document["key"])
    except (ValueError, KeyError, TypeError) as error:
        raise EncryptionKeyError(
            f"{key} in the state bucket is not an encryption key ({error!r}): restore an earlier version of "
            "the object"
        ) from error
