"""GetWebIdentityToken: a token that tells others who the caller is.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html, and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html for the claims.
"""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region

from emulator.api import sessions
from emulator.api.sts.account_issuer import AccountIssuers
from emulator.api.sts.signing import ALGORITHMS
from emulator.api.wire import ApiError

_DEFAULT_SECONDS, _LEAST_SECONDS, _MOST_SECONDS = 300, 60, 3600
_MOST_AUDIENCES = 10
_NAMESPACE = "https://sts.amazonaws.com/"
"""Claim with what is AWS's own: an object."""


def issue(issuers: AccountIssuers, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a request.

    Raises:
        ApiError: as on AWS.
    """
    seconds = int(request.get("DurationSeconds", _DEFAULT_SECONDS))
    audiences = [str(each) for each in request["Audience"]]
    if request["SigningAlgorithm"] not in ALGORITHMS:
        raise _invalid("signingAlgorithm", request["SigningAlgorithm"])
    if not _LEAST_SECONDS <= seconds <= _MOST_SECONDS:
        raise _invalid("durationSeconds", seconds)
    if not 1 <= len(audiences) <= _MOST_AUDIENCES:
        raise _invalid("audience", audiences)
    issuer = issuers.url()
    if issuer is None:
        raise ApiError(
            "OutboundWebIdentityFederationDisabledException",
            "Outbound web identity federation is not enabled for this account.",
            status=403,
        )
    caller = sessions.caller()
    if caller.expiration is not None and time.time() + seconds > caller.expiration:
        raise ApiError(
            "SessionDurationEscalationException",
            "The token would be valid for longer than the session of its caller.",
            status=403,
        )
    now = int(time.time())
    own: dict[str, Any] = {"aws_account": get_account_id(), "source_region": get_region()}
    if tags := request.get("Tags"):
        own["request_tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    claims = {
        "iss": issuer,
        "aud": audiences[0] if len(audiences) == 1 else audiences,
        "sub": caller.arn,
        "iat": now,
        "exp": now + seconds,
        "jti": str(uuid.uuid4()),
        _NAMESPACE: own,
    }
    token = issuers.token(request["SigningAlgorithm"], claims)
    return {"WebIdentityToken": token, "Expiration": datetime.fromtimestamp(now + seconds, UTC)}


def _invalid(name: str, value: object) -> ApiError:
    return ApiError("ValidationError", f"Value '{value}' at '{name}' failed to satisfy constraint")
