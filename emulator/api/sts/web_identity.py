"""AssumeRoleWithWebIdentity: a token, verified against its issuer's documents, for a session of a role.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html has the errors; their
texts are those that AWS's own troubleshooting pages quote.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from botocore.model import OperationModel
from ministack.core.responses import get_account_id, get_region

from emulator.api import patches, sessions
from emulator.api.sts.issuers import IssuerError, Issuers
from emulator.api.sts.tokens import Token, TokenError
from emulator.api.wire import ApiError, Protocol, Reply, Request, Response

log = logging.getLogger(__name__)

_OPERATION = "AssumeRoleWithWebIdentity"
_ISSUE = "GetWebIdentityToken"
_ACTION = f"sts:{_OPERATION}"
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_DEFAULT_SECONDS, _LEAST_SECONDS = 3600, 900

_HANDLE = patches.declare(
    "ministack.services.sts",
    "handle_request",
    parameters=("method", "path", "headers", "body", "query_params"),
    why="ministack believes every web identity token",
)
_PROVIDERS = patches.declare(
    "ministack.services.iam", "_oidc_providers", why="an issuer must be known to the account, for an audience"
)
_EVALUATE_TRUST = patches.declare(
    "ministack.core.iam_evaluator",
    "evaluate_trust_policy",
    parameters=("trust_doc", "caller_arn", "ctx"),
    why="whether a role's trust policy lets a token's subject assume it",
)
_CONTEXT = patches.declare(
    "ministack.core.iam_evaluator", "EvalContext", why="the request that a trust policy is evaluated for"
)

Handler = Callable[[str, str, Mapping[str, str], Any, Mapping[str, Any]], Awaitable[Any]]


def install(issuers: Issuers, *, issue: Callable[[Request], Response]) -> None:
    """Patch the operation, and the one that issues tokens."""
    protocol = Protocol("sts")
    own = {_ISSUE: protocol.handler(_ISSUE, issue)}
    _HANDLE.replace(_verifying(_HANDLE.get(), protocol, issuers, own))


def _verifying(
    original: Handler, protocol: Protocol, issuers: Issuers, own: Mapping[str, Callable[[Any], Reply]]
) -> Handler:
    model = protocol.operation(_OPERATION)

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: Any, query_params: Mapping[str, Any]
    ) -> Any:
        form = {**query_params, **(parse_qs(bytes(body).decode("utf-8", "replace")) if body else {})}
        (action,) = form.get("Action") or [""]
        if action in own:
            return own[action](form)
        if action != _OPERATION:
            return await original(method, path, headers, body, query_params)
        return await _answered(protocol, model, issuers, form)

    return handle_request


async def _answered(
    protocol: Protocol, model: OperationModel, issuers: Issuers, form: Mapping[str, Any]
) -> Reply:
    try:
        return protocol.render(model, await _assume(issuers, protocol.parse(model, form)))
    except ApiError as error:
        log.info("%s is refused: %s", _OPERATION, error)
        return protocol.render_error(error)


async def _assume(issuers: Issuers, request: Request) -> Response:
    role_arn, name = request["RoleArn"], request["RoleSessionName"]
    if not _SESSION_NAME.fullmatch(name):
        raise ApiError("ValidationError", f"Value '{name}' at 'roleSessionName' failed to satisfy constraint")
    try:
        token = Token.parse(request["WebIdentityToken"])
    except TokenError as error:
        raise _invalid("The ID Token provided is not a valid JWT.") from error
    issuer, audience = await _verified(issuers, token)
    role = sessions.find_role(role_arn)
    if role is None or not _trusts(role, token, issuer=issuer, audience=audience):
        raise ApiError("AccessDenied", f"Not authorized to perform {_ACTION}", status=403)
    seconds = int(request.get("DurationSeconds") or _DEFAULT_SECONDS)
    longest = int(role.get("MaxSessionDuration") or _DEFAULT_SECONDS)
    if not _LEAST_SECONDS <= seconds <= longest:
        raise ApiError(
            "ValidationError",
            f"DurationSeconds {seconds} is not between {_LEAST_SECONDS} and the {longest} of this role.",
        )
    opened = sessions.open_for_role(role, session_name=name, seconds=seconds, about={})
    return {
        "Credentials": {
            "AccessKeyId": opened.access_key_id,
            "SecretAccessKey": opened.secret_access_key,
            "SessionToken": opened.session_token,
            "Expiration": opened.expiration,
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role['RoleId']}:{name}",
            "Arn": f"arn:aws:sts::{get_account_id()}:assumed-role/{role['RoleName']}/{name}",
        },
        "SubjectFromWebIdentityToken": token.claims["sub"],
        "Audience": audience,
        "Provider": _provider_arn(issuer),
    }


async def _verified(issuers: Issuers, token: Token) -> tuple[str, str]:
    """Issuer and audience of a token that holds."""
    issuer = str(token.claims.get("iss", ""))
    provider = _PROVIDERS.get().get(_provider_arn(issuer))
    if provider is None or provider["Url"] != issuer:
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    claimed = token.claims.get("aud", [])
    audiences = [str(each) for each in (claimed if isinstance(claimed, list) else [claimed])]
    audience = next((each for each in audiences if each in provider["ClientIDList"]), None)
    if audience is None:
        raise _invalid("Incorrect token audience")
    try:
        signed = await issuers.has_signed(issuer, token)
    except IssuerError as error:
        log.warning("keys of %s: %s", issuer, error)
        raise _invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference "
            f"{_OPERATION} documentation for requirements"
        ) from error
    if not signed:
        raise _invalid("Token signature is invalid")
    _check_times(token)
    if not isinstance(token.claims.get("sub"), str):
        raise _invalid("Missing a required claim: sub")
    return issuer, audience


def _check_times(token: Token) -> None:
    now, expires, begins = time.time(), token.claims.get("exp"), token.claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(begins, int | float):
        raise _invalid("Missing a required claim: exp")
    if now >= expires:
        raise ApiError(
            "ExpiredTokenException",
            f"Token expired: current date/time {now:.0f} must be before the expiration date/time "
            f"{expires:.0f}",
        )
    if now < begins:
        raise _invalid("Token is not valid yet")


def _trusts(role: Mapping[str, Any], token: Token, *, issuer: str, audience: str) -> bool:
    """Whether the trust policy allows it, with the condition keys of the provider.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    """
    provider, host = _provider_arn(issuer), _host(issuer)
    context = _CONTEXT.get()(
        principal_arn=provider,
        principal_type="WebIdentityUser",
        principal_account=get_account_id(),
        action=_ACTION,
        resource_arn=role["Arn"],
        region=get_region(),
        service_context={f"{host}:sub": token.claims["sub"], f"{host}:aud": audience},
    )
    return bool(_EVALUATE_TRUST.get()(role.get("AssumeRolePolicyDocument") or "{}", provider, context))


def _provider_arn(issuer: str) -> str:
    return f"arn:aws:iam::{get_account_id()}:oidc-provider/{_host(issuer)}"


def _host(issuer: str) -> str:
    return issuer.removeprefix("https://")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidIdentityToken", message)
