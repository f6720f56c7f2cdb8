"""Keys of another cluster whose data were restored here."""

import json

import pytest

from kubequorum_node.kubeadm import encryption_keys
from kubequorum_node.kubeadm.encryption_keys import EncryptionKeyError
from tests.unit.node.fakes import FakeNode

KEY = f"{encryption_keys.PREFIX}0123456789abcdef.json"


def test_all_are_read(node: FakeNode) -> None:
    """None in most clusters."""
    assert encryption_keys.read(node) == ()
    node.aws.objects[KEY] = json.dumps({"version": 1, "key": "a2V5", "from": "s3://other"}).encode()
    assert encryption_keys.read(node) == ("a2V5",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not an encryption key"),
        ("[]", "is not an encryption key"),
        ('{"version": 1}', "is not an encryption key"),
        ('{"version": 2}', "has version 2, this program supports 1"),
    ],
)
def test_one_that_cannot_be_read(node: FakeNode, text: str, message: str) -> None:
    """The boot ends: without it the API server could not read what is in etcd."""
    node.aws.objects[KEY] = text.encode()
    with pytest.raises(EncryptionKeyError, match=message):
        encryption_keys.read(node)
