"""STS as on AWS: web identity tokens are verified, and those of the account's own issuer can be verified."""

from emulator.api.context import Context
from emulator.api.sts import identity_tokens, web_identity
from emulator.api.sts.account_issuer import AccountIssuers
from emulator.api.sts.issuers import Issuers


def install(context: Context) -> None:
    """Patch ministack's STS."""
    issuers, account_issuers = Issuers(time_scale=context.worker.time_scale), AccountIssuers()
    context.on_reset(issuers.reset)
    context.on_reset(account_issuers.reset)
    account_issuers.install(context.sites)
    web_identity.install(issuers, issue=lambda request: identity_tokens.issue(account_issuers, request))
