"""Keys, certificates and signatures from openssl."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    """Run openssl; its output."""
    return subprocess.run(["openssl", *arguments], input=stdin, check=True, capture_output=True).stdout


def self_signed(folder: Path, *, name: str) -> tuple[Path, Path]:
    """A certificate for `IP:` and an address, or `DNS:` and a name, and its key."""
    certificate, key = folder / "issuer.crt", folder / "issuer.key"
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=issuer"),
        *("-addext", f"subjectAltName={name}", "-keyout", str(key), "-out", str(certificate)),
    )
    return certificate, key


def json_web_key(key: Path) -> dict[str, str]:
    """The public half of an RSA key with exponent 65537 (RFC 7517)."""
    printed = openssl("rsa", "-in", str(key), "-noout", "-modulus").decode().strip()
    modulus = bytes.fromhex(printed.partition("=")[2])
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": "one",
        "n": _url(modulus),
        "e": _url((65537).to_bytes(3, "big")),
    }


def signed_token(key: Path, claims: dict[str, Any]) -> str:
    """A JSON Web Token with a signature RS256 (RFC 7519, RFC 7515)."""
    header = {"alg": "RS256", "typ": "JWT", "kid": "one"}
    parts = [_url(json.dumps(part).encode()) for part in (header, claims)]
    signature = openssl("dgst", "-sha256", "-sign", str(key), stdin=".".join(parts).encode())
    return ".".join([*parts, _url(signature)])


def _url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
