"""Public keys as a JSON Web Key Set, compared with what OpenSSL says of the same keys."""

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest

from kubequorum_node.kubernetes.jwks import PublicKeyError, key_set


def openssl(*arguments: str) -> bytes:
    """Run OpenSSL."""
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout


def rsa_key(folder: Path, name: str, *, bits: int = 2048) -> tuple[Path, str]:
    """A new key's file, and its public part as PEM."""
    file = folder / f"{name}.pem"
    openssl("genrsa", "-out", str(file), str(bits))
    return file, openssl("rsa", "-in", str(file), "-pubout").decode()


@pytest.mark.parametrize("bits", [2048, 4096])
def test_a_key_has_openssls_numbers_and_kubernetes_name(tmp_path: Path, bits: int) -> None:
    """The name is the SHA-256 of the key's DER: client-go's and so the API server's rule for `kid`."""
    file, public = rsa_key(tmp_path, "one", bits=bits)
    (key,) = key_set(public)["keys"]
    modulus = openssl("rsa", "-in", str(file), "-noout", "-modulus").decode().strip().partition("=")[2]
    assert _bytes(key["n"]).hex().upper() == modulus
    assert _bytes(key["e"]) == b"\x01\x00\x01"
    der = openssl("rsa", "-in", str(file), "-pubout", "-outform", "DER")
    assert _bytes(key["kid"]) == hashlib.sha256(der).digest()
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert not any("=" in value for value in key.values())


def test_all_keys_of_a_rotation_are_in_it(tmp_path: Path) -> None:
    """In their order, and each once."""
    one, two = (rsa_key(tmp_path, name)[1] for name in ("one", "two"))
    both = key_set(one + two)["keys"]
    assert both == [*key_set(one)["keys"], *key_set(two)["keys"]]
    assert key_set(one + two + one)["keys"] == both


def test_what_is_no_rsa_public_key_is_refused(tmp_path: Path) -> None:
    """Nothing, a private key, another algorithm, damage: never a private key in a public document."""
    file, public = rsa_key(tmp_path, "one")
    elliptic = tmp_path / "ec.pem"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(elliptic))
    lines = public.splitlines()
    for text, reason in (
        ("", "no PEM block"),
        (file.read_text(), "PRIVATE KEY"),
        (openssl("ec", "-in", str(elliptic), "-pubout").decode(), "not rsaEncryption"),
        ("\n".join([lines[0], lines[1], lines[-1]]), "cut off"),
        ("\n".join([lines[0], "!", lines[-1]]), "no RSA public key"),
        (public + file.read_text(), "PRIVATE KEY"),
    ):
        with pytest.raises(PublicKeyError, match=reason):
            key_set(text)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
