"""An account's own token issuer: switched on through IAM, with documents that anybody may read.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html
"""

import uuid
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id

from emulator.api import patches
from emulator.api.sites import Sites
from emulator.api.sts.signing import ALGORITHMS, SigningKeys
from emulator.api.wire import ApiError, Protocol

SUFFIX = ".tokens.sts.global.api.aws"
_KEYS_PATH = "/.well-known/jwks.json"

_IAM = patches.declare(
    "ministack.services.iam", "_IAM_HANDLERS", why="IAM's switch for tokens that others believe"
)


class AccountIssuers:
    """The issuers of all accounts. An account keeps its URL and keys while the feature is off."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._keys: dict[str, SigningKeys] = {}
        self._enabled: set[str] = set()

    def install(self, sites: Sites) -> None:
        """Answer IAM's three operations, and serve the documents."""
        protocol, table = Protocol("iam"), _IAM.get()
        for name, function in (
            ("EnableOutboundWebIdentityFederation", self._enable),
            ("DisableOutboundWebIdentityFederation", self._disable),
            ("GetOutboundWebIdentityFederationInfo", self._info),
        ):
            table[name] = protocol.handler(name, function)
        sites.add(SUFFIX, self.document)

    def reset(self) -> None:
        """Switch it off everywhere."""
        for state in (self._names, self._keys, self._enabled):
            state.clear()

    def url(self) -> str | None:
        """The issuer of the caller's account; None if it is off."""
        account = get_account_id()
        return f"https://{self._names[account]}{SUFFIX}" if account in self._enabled else None

    def token(self, algorithm: str, claims: Mapping[str, Any]) -> str:
        """A token signed by the issuer of the caller's account."""
        return self._keys[self._names[get_account_id()]].token(algorithm, claims)

    def document(self, host: str, path: str) -> Mapping[str, Any] | None:
        """What an issuer publishes at a path; nothing while it is off."""
        name = host.removesuffix(SUFFIX)
        if name not in {self._names[account] for account in self._enabled}:
            return None
        url = f"https://{host}"
        documents: dict[str, Mapping[str, Any]] = {
            "/.well-known/openid-configuration": {
                "issuer": url,
                "jwks_uri": f"{url}{_KEYS_PATH}",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": list(ALGORITHMS),
            },
            _KEYS_PATH: {"keys": self._keys[name].public},
        }
        return documents.get(path)

    def _enable(self, _: Mapping[str, Any]) -> dict[str, Any]:
        account = get_account_id()
        if account in self._enabled:
            raise ApiError(
                "FeatureEnabled", "Outbound web identity federation is already enabled.", status=409
            )
        if account not in self._names:
            self._names[account] = str(uuid.uuid4())
            self._keys[self._names[account]] = SigningKeys()
        self._enabled.add(account)
        return {"IssuerIdentifier": self.url()}

    def _disable(self, _: Mapping[str, Any]) -> None:
        self._require()
        self._enabled.remove(get_account_id())

    def _info(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._require()
        return {"IssuerIdentifier": self.url(), "JwtVendingEnabled": True}

    def _require(self) -> None:
        if self.url() is None:
            raise ApiError("FeatureDisabled", "Outbound web identity federation is not enabled.", status=404)
