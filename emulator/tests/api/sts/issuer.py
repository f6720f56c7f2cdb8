"""A token issuer for tests: keys, tokens signed with them, and documents in its bucket."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from emulator.tests.api.emulator import REGION, Emulator

SUBJECT = "system:serviceaccount:shop:orders"
AUDIENCE = "sts.amazonaws.com"
DISCOVERY = ".well-known/openid-configuration"
KEYS = "keys.json"


class SigningKey:
    """An RSA key, made by OpenSSL: nothing of the emulator's own arithmetic is in it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / f"{name}.pem"
        self._openssl("genrsa", "-out", str(self._file), "2048")

    @cached_property
    def jwk(self) -> dict[str, str]:
        """Its public part."""
        printed = self._openssl("rsa", "-in", str(self._file), "-noout", "-modulus").decode()
        modulus = bytes.fromhex(printed.strip().partition("=")[2])
        kid = hashlib.sha256(modulus).hexdigest()[:16]
        return {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": kid,
            "n": _encoded(modulus),
            "e": _encoded(b"\x01\x00\x01"),
        }

    def token(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token with these claims."""
        head = {"alg": "RS256", "kid": self.jwk["kid"], **header}
        text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, dict(claims)))
        signature = self._openssl("dgst", "-sha256", "-sign", str(self._file), stdin=text.encode())
        return f"{text}.{_encoded(signature)}"

    @staticmethod
    def _openssl(*arguments: str, stdin: bytes = b"") -> bytes:
        return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


class Issuer:
    """The issuer of a stack of templates/issuer.yaml."""

    def __init__(self, emulator: Emulator, outputs: Mapping[str, str]) -> None:
        self._emulator = emulator
        self._s3 = emulator.client("s3")
        self._bucket = outputs["Bucket"]
        self.url = outputs["Url"]
        self.role_arn = outputs["RoleArn"]

    def publish(self, keys: Sequence[SigningKey], **changes: str) -> None:
        """Publish keys, and a discovery document with some values changed."""
        self.put(DISCOVERY, {"issuer": self.url, "jwks_uri": f"{self.url}/{KEYS}", **changes})
        self.put(KEYS, {"keys": [key.jwk for key in keys]})

    def put(self, path: str, document: Any) -> None:
        """Publish any document."""
        self._s3.put_object(Bucket=self._bucket, Key=path, Body=json.dumps(document).encode())

    def withdraw(self, path: str) -> None:
        """Remove a document."""
        self._s3.delete_object(Bucket=self._bucket, Key=path)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims that hold, with some of them changed; None takes one out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": SUBJECT,
            "aud": [AUDIENCE],
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def assume(self, token: str, **changes: Any) -> dict[str, Any]:
        """Call AssumeRoleWithWebIdentity as a pod does: without credentials."""
        client = boto3.client(
            "sts",
            endpoint_url=self._emulator.url,
            region_name=REGION,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )
        request = {"RoleArn": self.role_arn, "RoleSessionName": "pod", "WebIdentityToken": token, **changes}
        answer = client.assume_role_with_web_identity(**request)
        return dict(answer)


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
