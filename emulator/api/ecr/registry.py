"""The registry behind ECR's API, the Docker Registry HTTP API V2: nobody gets anything without a token.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
Each request needs what its operation of ECR's API needs: the same permissions, on the same repository.
Who has no permission, or a token that has expired, gets 403, not 401, so no client logs in again by itself:
https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors.html
"""

import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region, set_request_account_id

from emulator.api import patches
from emulator.api.ecr.api import USER
from emulator.api.ecr.tokens import ExpiredTokenError, Token, TokenError, Tokens

log = logging.getLogger(__name__)

_WHY = "the registry is open to everybody in ministack"
_HANDLE = patches.declare(
    "ministack.services.ecr",
    "handle_registry_request",
    parameters=("method", "path", "headers", "body", "query_params"),
    why=_WHY,
)
_PARSE = patches.declare(
    "ministack.services.ecr", "_parse_v2_path", parameters=("path",), why="what a request is about"
)
_SCOPE = patches.declare(
    "ministack.services.ecr",
    "_select_registry_request_scope",
    parameters=("name", "headers", "query_params"),
    why="whose registry it is, by the host's name",
)
_ENFORCE = patches.declare("ministack.core.iam_evaluator", "enforce", why="what a token's owner may do")

Reply = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, Any]], Awaitable[Reply]]

_ACTIONS = {
    ("manifest", "GET"): "ecr:BatchGetImage",
    ("manifest", "HEAD"): "ecr:BatchGetImage",
    ("manifest", "PUT"): "ecr:PutImage",
    ("blob", "GET"): "ecr:GetDownloadUrlForLayer",
    ("blob", "HEAD"): "ecr:BatchCheckLayerAvailability",
    ("blob_uploads", "POST"): "ecr:InitiateLayerUpload",
    ("blob_upload_session", "PATCH"): "ecr:UploadLayerPart",
    ("blob_upload_session", "PUT"): "ecr:CompleteLayerUpload",
    ("tags_list", "GET"): "ecr:ListImages",
}
"""Kind of a path and method → the permission; ECR has no other requests (deleting and listing of all)."""


def install(tokens: Tokens) -> None:
    """Close the registry."""
    _HANDLE.replace(_asking_for_tokens(_HANDLE.get(), tokens))


def _asking_for_tokens(original: Handler, tokens: Tokens) -> Handler:
    async def handle_registry_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Reply:
        lower = {key.lower(): value for key, value in headers.items()}
        kind, name, _ = _PARSE.get()(path) or ("", "", "")
        own_account = get_account_id()
        _SCOPE.get()(name, lower, query_params)
        account, region = get_account_id(), get_region()
        try:
            token = tokens.find(_password(lower.get("authorization", "")))
        except ExpiredTokenError:
            return _refusal("Your authorization token has expired. Reauthenticate and try again.")
        except TokenError:
            return _challenge(f"{account}.dkr.ecr.{region}.amazonaws.com")
        if kind != "ping":
            set_request_account_id(own_account)
            arn = f"arn:aws:ecr:{region}:{account}:repository/{name}"
            refused = _refused(token, _ACTIONS.get((kind, method.upper())), arn, region, own_account)
            if refused is not None:
                return refused
        return await original(method, path, headers, body, query_params)

    return handle_registry_request


def _refused(token: Token, action: str | None, arn: str, region: str, own_account: str) -> Reply | None:
    """The answer to a request that its token does not allow; None if it does."""
    if action is None:
        return _reply(405, "UNSUPPORTED", "The operation is unsupported.")
    if (denied := _denial(token, action, arn, region)) is not None:
        return _refusal(denied)
    if arn.split(":")[4] != own_account:
        # There is one account here, so no repository of another one with a policy that could allow it.
        return _refusal(f"No resource-based policy of {arn} allows the {action} action")
    return None


def _denial(token: Token, action: str, arn: str, region: str) -> str | None:
    """Why a token's owner may not do something; None if it may."""
    found = _ENFORCE.get()(token.access_key_id, action, "ecr", region, arn)
    if not found:
        return None
    principal = getattr(found, "principal_arn", token.access_key_id)
    message = (
        f"User: {principal} is not authorized to perform: {action} on resource: {arn} "
        f"because no identity-based policy allows the {action} action"
    )
    log.info("denied: %s", message)
    return message


def _password(authorization: str) -> str:
    """The password of a request's Basic authorization.

    Raises:
        TokenError: it has none, or one of another user.
    """
    scheme, _, value = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenError("the authorization cannot be read") from error
    if scheme.lower() != "basic" or user != USER:
        raise TokenError("it is not Basic authorization of the user AWS")
    return password


def _challenge(host: str) -> Reply:
    challenge = f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'
    return (
        401,
        {
            "Content-Type": "text/plain; charset=utf-8",
            "Docker-Distribution-Api-Version": "registry/2.0",
            "WWW-Authenticate": challenge,
        },
        b"Not Authorized\n",
    )


def _refusal(message: str) -> Reply:
    return _reply(403, "DENIED", message)


def _reply(status: int, code: str, message: str) -> Reply:
    body = {"errors": [{"code": code, "message": message}]}
    headers = {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0"}
    return status, headers, json.dumps(body).encode()
