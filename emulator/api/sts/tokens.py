"""JSON Web Tokens that are signed with RS256: https://www.rfc-editor.org/rfc/rfc7519, rfc7515, rfc7518."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What precedes a SHA-256 digest in a PKCS #1 v1.5 signature (https://www.rfc-editor.org/rfc/rfc8017#section-9.2)."""


class TokenError(ValueError):
    """A text is not a token."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token as it came; nothing of it is verified."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a token apart.

        Raises:
            TokenError: it is none.
        """
        parts = text.split(".")
        try:
            header, claims = (json.loads(_decoded(part)) for part in parts[:2])
            signature = _decoded(parts[2])
        except (ValueError, IndexError) as error:
            raise TokenError(str(error)) from error
        if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
            raise TokenError("three parts, two of them objects, are expected")
        signed = f"{parts[0]}.{parts[1]}".encode()
        return cls(header=header, claims=claims, signed=signed, signature=signature)

    def is_signed_by(self, keys: Sequence[Mapping[str, Any]]) -> bool:
        """Whether one of a JWKS's keys, the one that the header names, has signed it with RS256."""
        if self.header.get("alg") != "RS256":
            return False
        named = [key for key in keys if self.header.get("kid") in (None, key.get("kid"))]
        return any(_verifies(key, self.signed, self.signature) for key in named)


def _verifies(key: Mapping[str, Any], signed: bytes, signature: bytes) -> bool:
    if key.get("kty") != "RSA" or key.get("use", "sig") != "sig" or key.get("alg", "RS256") != "RS256":
        return False
    try:
        modulus, exponent = (int.from_bytes(_decoded(str(key[name])), "big") for name in ("n", "e"))
    except (KeyError, ValueError):
        return False
    length = (modulus.bit_length() + 7) // 8
    digest = _DIGEST_INFO + hashlib.sha256(signed).digest()
    if len(signature) != length or length < len(digest) + 11:
        return False
    expected = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
    return pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(length, "big") == expected


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise TokenError(str(error)) from error
