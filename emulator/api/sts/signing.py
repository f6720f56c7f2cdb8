"""Keys with which STS signs tokens: one for each algorithm, made and used by OpenSSL.

https://www.rfc-editor.org/rfc/rfc7518 has both algorithms, and how keys and signatures are written.
"""

import base64
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ALGORITHMS = ("RS256", "ES384")
_P384_BYTES = 48


class SigningKeys:
    """The keys of one issuer. Making them takes a tenth of a second; they end with the process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sts-keys-")
        _openssl("genpkey", "-quiet", "-algorithm", "RSA", "-out", self._file("RS256"))
        curve = ("-pkeyopt", "ec_paramgen_curve:P-384")
        _openssl("genpkey", "-quiet", "-algorithm", "EC", *curve, "-out", self._file("ES384"))
        self.public = [self._rsa_key(), self._elliptic_key()]
        """As they are published: https://www.rfc-editor.org/rfc/rfc7517."""

    def token(self, algorithm: str, claims: Mapping[str, Any]) -> str:
        """A signed token.

        Raises:
            KeyError: there is no such algorithm.
        """
        key_id = {key["alg"]: key["kid"] for key in self.public}[algorithm]
        head = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
        digest = {"RS256": "-sha256", "ES384": "-sha384"}[algorithm]
        signature = _openssl("dgst", digest, "-sign", self._file(algorithm), stdin=text.encode())
        return f"{text}.{encoded(_joined(signature) if algorithm == 'ES384' else signature)}"

    def _file(self, algorithm: str) -> str:
        return str(Path(self._folder.name) / f"{algorithm}.pem")

    def _rsa_key(self) -> dict[str, str]:
        printed = _openssl("rsa", "-in", self._file("RS256"), "-noout", "-modulus").decode()
        modulus = bytes.fromhex(printed.strip().partition("=")[2])
        numbers = {"n": encoded(modulus), "e": encoded((65537).to_bytes(3, "big"))}
        return _public("RS256", modulus, {"kty": "RSA", **numbers})

    def _elliptic_key(self) -> dict[str, str]:
        # The point is the end of SubjectPublicKeyInfo: 4, x, y (https://www.rfc-editor.org/rfc/rfc5480).
        point = _openssl("pkey", "-in", self._file("ES384"), "-pubout", "-outform", "DER")[-2 * _P384_BYTES :]
        x, y = encoded(point[:_P384_BYTES]), encoded(point[_P384_BYTES:])
        return _public("ES384", point, {"kty": "EC", "crv": "P-384", "x": x, "y": y})


def encoded(content: bytes) -> str:
    """Base64 as in tokens."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _public(algorithm: str, material: bytes, numbers: Mapping[str, str]) -> dict[str, str]:
    key_id = f"{algorithm}_{hashlib.sha256(material).hexdigest()[:16]}"
    return {**numbers, "alg": algorithm, "use": "sig", "kid": key_id}


def _joined(signature: bytes) -> bytes:
    """The two numbers of an ECDSA signature one after the other, where OpenSSL has a DER sequence of them."""
    numbers, rest = [], signature[2:]
    for _ in range(2):
        length = rest[1]
        numbers.append(int.from_bytes(rest[2 : 2 + length], "big").to_bytes(_P384_BYTES, "big"))
        rest = rest[2 + length :]
    return b"".join(numbers)


def _openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout
