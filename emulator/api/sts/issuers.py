"""Keys of token issuers, as STS gets them: by the documents at the issuer's URL, as the world sees them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html#manage-oidc-provider-prerequisites
Only CloudFront's distributions of this emulator can be reached. How long STS keeps what it has read is not
documented. Here that is five minutes, so a key that is withdrawn is accepted for that long, and a key that is
not known is looked for at once.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from emulator.api import patches
from emulator.api.sts.tokens import Token

CACHE_SECONDS = 300.0
_SUFFIX = ".cloudfront.net"

_FIND_DISTRIBUTION = patches.declare(
    "ministack.services.cloudfront",
    "find_distribution_for_label",
    parameters=("label",),
    why="an issuer's documents are fetched where its URL leads",
)
_SERVE = patches.declare(
    "ministack.services.cloudfront",
    "handle_viewer_request",
    parameters=(
        "dist",
        "method",
        "path",
        "raw_uri",
        "raw_query_string",
        "headers",
        "body",
        "query_params",
        "client_ip",
    ),
    why="an issuer's documents are fetched as any viewer does, with the origin's access control",
)


class IssuerError(Exception):
    """An issuer's keys cannot be had."""


class Issuers:
    """Keys by issuer. Use it on the event loop only."""

    def __init__(self, *, time_scale: float) -> None:
        self._seconds = CACHE_SECONDS * time_scale
        self._read: dict[str, tuple[float, list[Mapping[str, Any]]]] = {}

    def reset(self) -> None:
        """Forget all keys."""
        self._read.clear()

    async def has_signed(self, issuer: str, token: Token) -> bool:
        """Whether a key that the issuer publishes has signed a token.

        Raises:
            IssuerError: its documents cannot be read, or are not what they must be.
        """
        read_at, keys = self._read.get(issuer, (None, []))
        if read_at is not None and time.monotonic() - read_at < self._seconds:
            known = {key.get("kid") for key in keys}
            if token.header.get("kid") in known:
                return token.is_signed_by(keys)
        keys = await _keys(issuer)
        self._read[issuer] = (time.monotonic(), keys)
        return token.is_signed_by(keys)


async def _keys(issuer: str) -> list[Mapping[str, Any]]:
    discovery = await _document(f"{issuer}/.well-known/openid-configuration")
    if discovery.get("issuer") != issuer:
        raise IssuerError(f"the discovery document of {issuer} is that of {discovery.get('issuer')}")
    keys = (await _document(str(discovery.get("jwks_uri")))).get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise IssuerError(f"{discovery.get('jwks_uri')} has no list of keys")
    return keys


async def _document(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    label = (parts.hostname or "").removesuffix(_SUFFIX)
    distribution = _FIND_DISTRIBUTION.get()(label)
    if parts.scheme != "https" or distribution is None or not distribution.get("enabled", True):
        raise IssuerError(f"nothing answers at {url}")
    headers = {"host": parts.netloc, "x-forwarded-proto": "https", "accept": "application/json"}
    status, _, body = await _SERVE.get()(
        distribution, "GET", parts.path, parts.path, "", headers, b"", {}, "192.0.2.1"
    )
    if status != 200:
        raise IssuerError(f"{url} answers {status}")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise IssuerError(f"{url} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise IssuerError(f"{url} is not a JSON object")
    return document
