"""IMDSv2 session tokens: short-lived, and valid for one instance only.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
import time
from collections.abc import Callable

MIN_TTL_SECONDS = 1
MAX_TTL_SECONDS = 21_600

_EXPIRY = struct.Struct(">d")


class Tokens:
    """Issues and checks tokens without remembering them: each carries its end, signed for its instance."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)

    def issue(self, instance_id: str, ttl_seconds: int) -> str:
        """A token for the instance that ends after `ttl_seconds`; ValueError outside 1..21600."""
        if not MIN_TTL_SECONDS <= ttl_seconds <= MAX_TTL_SECONDS:
            raise ValueError(
                f"token lifetime {ttl_seconds} s is outside {MIN_TTL_SECONDS}..{MAX_TTL_SECONDS} s"
            )
        expiry = _EXPIRY.pack(self._clock() + ttl_seconds)
        return base64.urlsafe_b64encode(expiry + self._signature(instance_id, expiry)).decode()

    def seconds_left(self, instance_id: str, token: str) -> int | None:
        """How long the token is still valid for this instance, rounded up; None if it is not."""
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        expiry, signature = raw[: _EXPIRY.size], raw[_EXPIRY.size :]
        if not hmac.compare_digest(signature, self._signature(instance_id, expiry)):
            return None
        left = _EXPIRY.unpack(expiry)[0] - self._clock()
        return max(1, round(left)) if left > 0 else None

    def _signature(self, instance_id: str, expiry: bytes) -> bytes:
        return hmac.digest(self._key, instance_id.encode() + b"\0" + expiry, hashlib.sha256)
