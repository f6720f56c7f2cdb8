"""SSH keys in a cluster file: what is refused, without showing what may be a secret."""

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from kubequorum.cluster_documents import master_document, worker_document
from tests.synthesis import load_variant
from tests.unit.config.cluster_files import Mistake, accepted, assert_reported, changed, errors

KEYS = ("access", "ssh_keys")


def _key(kind: str, *fields: bytes, inside: str = "") -> str:
    parts = [(inside or kind).encode(), *fields]
    blob = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return f"{kind} {base64.b64encode(blob).decode()}"


ED25519 = _key("ssh-ed25519", b"a" * 32)
RSA = _key("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 256)
WEAK_RSA = _key("ssh-rsa", b"\x01\x00\x01", b"\x00" + b"\xff" * 128)
SECRET = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"
PRIVATE = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n"

MISTAKES: list[Mistake] = [
    ("words", KEYS, ["my key"], ("access.ssh_keys.0: does not begin with the type of a public key", ".pub")),
    ("empty", KEYS, [""], ("access.ssh_keys.0",)),
    ("no key", KEYS, [ED25519, "ssh-ed25519"], ("access.ssh_keys.1: has no ssh-ed25519 key",)),
    ("cut off", KEYS, [ED25519[:-8]], ("it may have been cut off",)),
    ("no base64", KEYS, ["ssh-ed25519 ###"], ("it may have been cut off",)),
    ("another type inside", KEYS, [_key("ssh-ed25519", b"a", inside="ssh-rsa")], ("another type of key",)),
    ("DSA", KEYS, [_key("ssh-dss", b"a")], ("does not begin with the type of a public key",)),
    ("weak", KEYS, [WEAK_RSA], ("RSA key of less than 2048 bits",)),
    ("options", KEYS, [f'command="true" {ED25519}'], ("does not begin with the type of a public key",)),
    ("two lines", KEYS, [f"{ED25519}\n{RSA}"], ("is not one line",)),
    ("twice", KEYS, [f"{ED25519} alice", f"{ED25519} bob"], ("is listed 2 times", "list it once")),
    ("not a list", KEYS, ED25519, ("access.ssh_keys", "is not a list")),
    ("no string", KEYS, [5], ("access.ssh_keys.0 = 5", "is not a string")),
    ("many", KEYS, [_key("ssh-ed25519", bytes([n]) * 32) for n in range(60)], ("60 keys", "holds 4096")),
    (
        "an endpoint for nobody",
        ("access",),
        {"instance_connect_endpoint": True},
        ("access.instance_connect_endpoint = true", "nobody could log in", "add access.ssh_keys"),
    ),
    ("root", ("access", "ssh_user"), "root", ("access.ssh_user = root", "root does not log in")),
    ("a user that is none", ("access", "ssh_user"), "me; reboot", ("access.ssh_user = me; reboot",)),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_a_mistake_is_reported(tmp_path: Path, mistake: Mistake) -> None:
    """With key and remedy."""
    assert_reported(tmp_path, mistake)


@pytest.mark.parametrize(
    "value",
    [[PRIVATE], [ED25519, PRIVATE], PRIVATE, {"alice": PRIVATE}, [{"key": PRIVATE}]],
    ids=["alone", "among others", "no list", "a mapping", "a mapping in the list"],
)
def test_a_private_key_is_refused_and_not_shown(tmp_path: Path, value: object) -> None:
    """Whatever shape it has."""
    message = errors(tmp_path, changed(KEYS, value))
    assert "there is a private key, which is not shown here" in message
    assert SECRET not in message
    assert "BEGIN" not in message


@pytest.mark.parametrize("path", [("access", "key"), ("access", "ssh_user"), ("access",), ("ssh_key",)])
def test_a_private_key_in_another_place_is_not_shown(tmp_path: Path, path: tuple[str, ...]) -> None:
    """A key that does not exist, or takes something else."""
    message = errors(tmp_path, changed(path, PRIVATE))
    assert SECRET not in message


def test_what_is_no_public_key_is_not_shown(tmp_path: Path) -> None:
    """A private key without its first line."""
    assert SECRET not in errors(tmp_path, changed(KEYS, [SECRET]))


@pytest.mark.parametrize("line", [ED25519, RSA, f"  {ED25519}   alice@example.com "])
def test_public_keys_are_accepted(tmp_path: Path, line: str) -> None:
    """With and without a comment."""
    accepted(tmp_path, changed(KEYS, [line]))


def test_keys_reach_no_document_and_the_user_only_with_keys() -> None:
    """A changed list must not change the launch template."""
    for name, user in (("ssh", "admin"), ("ha", "")):
        cluster = load_variant(name)
        documents: list[Any] = [master_document(cluster, stack="x")]
        documents += [worker_document(cluster, group, stack="x") for group in cluster.worker_groups]
        for document in documents:
            assert document.ssh_user == user
            assert "ssh-ed25519" not in document.to_json()
