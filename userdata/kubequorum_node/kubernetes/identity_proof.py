"""The proof of who asks for a node's first certificate: its key's hash, where only that instance may write.

A bootstrap token says that somebody may join, and not who it is. IAM does: a worker may write one object,
whose name ends in the ARN of the instance that its credentials were issued to
(`${ec2:SourceInstanceARN}`), and in it is the hash of the public key that it asks a certificate for.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import base64
import hashlib

from kubequorum_node.errors import NodeError
from kubequorum_node.node import Node

PREFIX = "identity/"
_LONGEST_BYTES = 200


def publish(node: Node, public_key_pem: str) -> None:
    """Prove that a key is this instance's.

    Before a certificate is asked for: whoever decides about the request finds the proof.
    """
    node.store.put(object_key(node, node.identity.instance_id), hash_of(_der(public_key_pem)))


def read(node: Node, instance_id: str) -> str | None:
    """The hash that an instance has published; None if it has published none."""
    stored = node.store.get(object_key(node, instance_id))
    return None if stored is None else stored.body[:_LONGEST_BYTES].decode("ascii", errors="replace").strip()


def object_key(node: Node, instance_id: str) -> str:
    """Name of an instance's proof, as the policy of its role has it."""
    partition, account = partition_and_account(node.metadata.instance_profile_arn())
    return f"{PREFIX}arn:{partition}:ec2:{node.document.region}:{account}:instance/{instance_id}"


def partition_and_account(arn: str) -> tuple[str, str]:
    """Of an ARN.

    Raises:
        NodeError: it is none.

    """
    try:
        _, partition, _, _, account, _ = arn.split(":", 5)
    except ValueError as error:
        raise NodeError(f"the metadata service's iam/info has {arn!r} for an ARN") from error
    return partition, account


def hash_of(public_key: bytes) -> str:
    """SHA-256 of a public key in DER (SubjectPublicKeyInfo)."""
    return f"sha256:{hashlib.sha256(public_key).hexdigest()}"


def _der(pem: str) -> bytes:
    return base64.b64decode(
        "".join(line for line in pem.splitlines() if line and not line.startswith("-----"))
    )
