"""ECR's API where ministack differs: GetAuthorizationToken.

IAM is asked as for any request: `ecr:GetAuthorizationToken` has no resource-level permissions,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region, json_response

from emulator.api import patches
from emulator.api.ecr.tokens import Tokens

USER = "AWS"
_GET_TOKEN = patches.declare(
    "ministack.services.ecr",
    "_get_authorization_token",
    parameters=("data",),
    why="a token is its owner's, and expires",
)


def install(tokens: Tokens) -> None:
    """Give out tokens of our own."""
    _GET_TOKEN.replace(_giving(tokens))


def _giving(tokens: Tokens) -> Callable[[Mapping[str, Any]], Any]:
    def get_authorization_token(data: Mapping[str, Any]) -> Any:
        del data  # registryIds is deprecated: a token opens all registries that its owner may use.
        token = tokens.issue()
        return json_response(
            {
                "authorizationData": [
                    {
                        "authorizationToken": base64.b64encode(f"{USER}:{token.password}".encode()).decode(),
                        "expiresAt": token.expires_at,
                        "proxyEndpoint": f"https://{get_account_id()}.dkr.ecr.{get_region()}.amazonaws.com",
                    }
                ]
            }
        )

    return get_authorization_token
