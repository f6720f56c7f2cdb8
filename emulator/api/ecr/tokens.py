"""Authorization tokens of ECR: whose they are, and until when.

A token represents the IAM credentials that asked for it, opens every registry that these may use, and is
valid for 12 hours: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

import secrets
import time
from dataclasses import dataclass

from emulator.api import sessions
from emulator.faults.declaration import FaultId
from emulator.faults.store import ActiveFaults

SECONDS = 12 * 3600
SHORT_TOKENS = "short_registry_tokens"
"""Kind of the fault."""


class TokenError(Exception):
    """A password that opens no registry."""


class ExpiredTokenError(TokenError):
    """It was one, too long ago."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a client sends as the password of the user AWS."""

    password: str
    expires_at: float
    """In seconds since the epoch."""
    access_key_id: str
    """Its owner's. A role has a session of its own for it: the one that asked may end earlier."""


class Tokens:
    """All tokens that were given out."""

    def __init__(self, active_faults: ActiveFaults) -> None:
        self._active_faults = active_faults
        self._tokens: dict[str, Token] = {}

    def reset(self) -> None:
        """Forget all of them."""
        self._tokens.clear()

    def issue(self) -> Token:
        """A new token for whoever's request is being handled."""
        seconds = self._seconds()
        token = Token(
            password=secrets.token_urlsafe(96),
            expires_at=time.time() + seconds,
            access_key_id=sessions.prolonged(SECONDS),
        )
        self._tokens[token.password] = token
        return token

    def find(self, password: str) -> Token:
        """The token with a password.

        Raises:
            TokenError: there is none.
            ExpiredTokenError: it has expired.
        """
        token = self._tokens.get(password)
        if token is None:
            raise TokenError("no token has this password")
        if token.expires_at <= time.time():
            raise ExpiredTokenError("the token has expired")
        return token

    def _seconds(self) -> float:
        short = [e.about["seconds"] for e in self._active_faults.all() if e.kind == SHORT_TOKENS]
        return min([SECONDS, *map(float, short)])


def shorten(active_faults: ActiveFaults, *, seconds: float) -> FaultId:
    """Let new tokens expire after so many seconds; the id of the fault."""
    return active_faults.add(SHORT_TOKENS, {"seconds": seconds})
