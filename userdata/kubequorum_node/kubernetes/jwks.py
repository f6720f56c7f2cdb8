"""Public keys of service accounts as a JSON Web Key Set, exactly as an API server serves it.

https://www.rfc-editor.org/rfc/rfc7517, https://www.rfc-editor.org/rfc/rfc7518#section-6.3
"""

import base64
import binascii
import hashlib
import re

from kubequorum_node.errors import NodeError

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.+?)-----END \1-----", re.DOTALL)
_KIND = "PUBLIC KEY"
"""A SubjectPublicKeyInfo (https://www.rfc-editor.org/rfc/rfc5280#section-4.1), as kubeadm writes it."""
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03
_RSA = bytes.fromhex("06092a864886f70d010101")
"""The object identifier rsaEncryption, with tag and length."""

Jwk = dict[str, str]


class PublicKeyError(NodeError):
    """A public key cannot be read."""


def key_set(pem: str) -> dict[str, list[Jwk]]:
    """All RSA public keys of a PEM text, in its order and each once.

    Raises:
        PublicKeyError: there is none, or one is not an RSA key.

    """
    blocks = _PEM.findall(pem)
    if not blocks:
        raise PublicKeyError("sa.pub of the CA set has no PEM block: it must have one or more public keys")
    keys = [_key(kind, text) for kind, text in blocks]
    return {"keys": list({key["kid"]: key for key in keys}.values())}


def _key(kind: str, text: str) -> Jwk:
    if kind != _KIND:
        raise PublicKeyError(f"sa.pub of the CA set has a block {kind}: only {_KIND} can be published")
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        modulus, exponent = _rsa_numbers(der)
    except (binascii.Error, ValueError, IndexError) as error:
        raise PublicKeyError(f"sa.pub of the CA set has no RSA public key: {error}") from error
    return {
        "use": "sig",
        "kty": "RSA",
        # As the API server names a key in the header of a token.
        "kid": _text(hashlib.sha256(der).digest()),
        "alg": "RS256",
        "n": _text(modulus),
        "e": _text(exponent),
    }


def _rsa_numbers(der: bytes) -> tuple[bytes, bytes]:
    """Modulus and exponent, big-endian without leading zeros."""
    info, _ = _element(der, _SEQUENCE)
    algorithm, rest = _element(info, _SEQUENCE)
    if not algorithm.startswith(_RSA):
        raise ValueError("its algorithm is not rsaEncryption")
    bits, _ = _element(rest, _BIT_STRING)
    # The first byte counts unused bits, of which there are none.
    numbers, _ = _element(bits[1:], _SEQUENCE)
    modulus, rest = _element(numbers, _INTEGER)
    exponent, _ = _element(rest, _INTEGER)
    return modulus.lstrip(b"\0"), exponent.lstrip(b"\0")


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Content of the first DER element, which must have the tag, and what comes after it."""
    if der[0] != tag:
        raise ValueError(f"DER tag {der[0]:#x} where {tag:#x} is expected")
    length, begin = der[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[2:begin], "big")
    if len(der) < begin + length:
        raise ValueError("it is cut off")
    return der[begin : begin + length], der[begin + length :]


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
